"""Where the solvers were published, as BibTeX."""

DDIM = """\
@inproceedings{song2021ddim,
  title     = {Denoising Diffusion Implicit Models},
  author    = {Song, Jiaming and Meng, Chenlin and Ermon, Stefano},
  booktitle = {International Conference on Learning Representations},
  year      = {2021},
}
"""

EDM = """\
@inproceedings{karras2022elucidating,
  title     = {Elucidating the Design Space of Diffusion-Based Generative Models},
  author    = {Karras, Tero and Aittala, Miika and Aila, Timo and Laine, Samuli},
  booktitle = {Advances in Neural Information Processing Systems},
  year      = {2022},
}
"""

DPM_SOLVER_PP = """\
@article{lu2022dpmsolverpp,
  title   = {{DPM-Solver++}: Fast Solver for Guided Sampling of Diffusion Probabilistic Models},
  author  = {Lu, Cheng and Zhou, Yuhao and Bao, Fan and Chen, Jianfei and Li, Chongxuan and
             Zhu, Jun},
  journal = {arXiv preprint arXiv:2211.01095},
  year    = {2022},
}
"""

BOGACKI_SHAMPINE = """\
@article{bogacki1989pair,
  title   = {A 3(2) Pair of {Runge--Kutta} Formulas},
  author  = {Bogacki, Przemys{\\l}aw and Shampine, Lawrence F.},
  journal = {Applied Mathematics Letters},
  volume  = {2},
  number  = {4},
  pages   = {321--325},
  year    = {1989},
}
"""
