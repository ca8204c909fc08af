"""What two runs have to have in common."""

COST = ["seconds", "images_per_s", "peak_memory_mb"]


def without_cost(finished):
    """The board, but for what depends on how busy the machine was."""
    return finished.board.table.drop(columns=COST).to_csv()


def numbers(finished):
    """The numbers of each row, which do not depend on how long its networks take."""
    names = ("method", "solver", "transform")
    return {
        tuple(record.axes[name] for name in names): (record.values, record.items_sha256)
        for record in finished.records
    }
