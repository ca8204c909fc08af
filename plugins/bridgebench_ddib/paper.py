"""Where DDIB was published."""

URL = "https://arxiv.org/abs/2203.08382"
BIBTEX = """\
@inproceedings{su2023dual,
  title     = {Dual Diffusion Implicit Bridges for Image-to-Image Translation},
  author    = {Su, Xuan and Song, Jiaming and Meng, Chenlin and Ermon, Stefano},
  booktitle = {International Conference on Learning Representations},
  year      = {2023},
}
"""
