"""Where CycleDiffusion was published."""

URL = "https://arxiv.org/abs/2210.05559"
BIBTEX = """\
@inproceedings{wu2023latent,
  title     = {A Latent Space of Stochastic Diffusion Models for Zero-Shot Image Editing and
               Guidance},
  author    = {Wu, Chen Henry and De la Torre, Fernando},
  booktitle = {IEEE/CVF International Conference on Computer Vision},
  year      = {2023},
}
"""
