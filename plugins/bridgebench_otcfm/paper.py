"""Where the method was published."""

URL = "https://arxiv.org/abs/2302.00482"
BIBTEX = """\
@article{tong2024improving,
  title   = {Improving and generalizing flow-based generative models with minibatch optimal
             transport},
  author  = {Tong, Alexander and Fatras, Kilian and Malkin, Nikolay and Huguet, Guillaume and
             Zhang, Yanlei and Rector-Brooks, Jarrid and Wolf, Guy and Bengio, Yoshua},
  journal = {Transactions on Machine Learning Research},
  year    = {2024},
}
"""
