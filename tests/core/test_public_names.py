"""The names that plugins may rely on."""

import subprocess
import sys

import bridgebench

NAMES = """
API_VERSION Axis Batch BridgebenchError BudgetError Cell Chain Column Dataset Denoiser
DenoiserFamily Draw DuplicateName Estimate Extracted Extractor IntegrityError InvalidOption
ItemMeter ItemStream Items LoadedExtractor Method Metric MetricContext Network NetworkLoader
Noise Observed OutputError Parts Plugin PluginError Population Precision RunContext Score
ScoreModel Setting Solver Spacing Stage Supervision Transform Translation UnknownName UsageError
__version__ bootstrap_mean exact_share generator hookimpl influence_interval normal one_thread
positive_interval run sigma_grid uniform
"""


def test_the_public_names_are_these():
    assert sorted(bridgebench.__all__) == sorted(NAMES.split())


def test_every_public_name_is_there():
    assert all(getattr(bridgebench, name) is not None for name in bridgebench.__all__)


def test_light_commands_import_no_network_library():
    code = (
        "import sys; from bridgebench.cli import main\n"
        "for words in (['--help'], ['list'], ['plugins'], ['list', 'tasks']):\n"
        "    try: main(words)\n"
        "    except SystemExit as end: assert end.code in (0, None), (words, end.code)\n"
        "heavy = {'torch', 'torchmetrics', 'pandas', 'numpy', 'scipy'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
