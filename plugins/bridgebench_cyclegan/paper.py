"""Where CycleGAN was published."""

URL = "https://arxiv.org/abs/1703.10593"
BIBTEX = """\
@inproceedings{zhu2017unpaired,
  title     = {Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks},
  author    = {Zhu, Jun-Yan and Park, Taesung and Isola, Phillip and Efros, Alexei A.},
  booktitle = {IEEE International Conference on Computer Vision},
  year      = {2017},
}
"""
