"""What a plugin implements: one file a kind.

Import from `bridgebench` itself; these modules are where the classes are written down.
"""
