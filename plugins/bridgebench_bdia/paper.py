"""Where BDIA was published."""

BIBTEX = """\
@inproceedings{zhang2024exact,
  title     = {Exact Diffusion Inversion via Bi-directional Integration Approximation},
  author    = {Zhang, Guoqiang and Lewis, J. P. and Kleijn, W. Bastiaan},
  booktitle = {European Conference on Computer Vision},
  year      = {2024},
}
"""
