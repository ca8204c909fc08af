"""Where energy guidance between domains was published."""

URL = "https://arxiv.org/abs/2207.06635"
BIBTEX = """\
@inproceedings{zhao2022egsde,
  title     = {{EGSDE}: Unpaired Image-to-Image Translation via Energy-Guided Stochastic
               Differential Equations},
  author    = {Zhao, Min and Bao, Fan and Li, Chongxuan and Zhu, Jun},
  booktitle = {Advances in Neural Information Processing Systems},
  year      = {2022},
}
"""
