"""``scalebook plan``: which model to train instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ._data import about_files

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scalebook.analysis.planner.answer import Answer, Model
    from scalebook.analysis.planner.tables import Row


@click.command("plan")
@click.option("--flops", type=float, metavar="C", help="Quality: that of the best model for C FLOPs of training.")
@click.option("--loss", type=float, metavar="L", help="Quality: this loss, in the unit of the law.")
@click.option(
    "--like-params", type=float, metavar="N", help="Quality: that of the compute-optimal model of N parameters."
)
@click.option("--hours", type=float, metavar="H", help="Quality: --flops of H hours on --hardware.")
@click.option(
    "--inference-tokens",
    type=float,
    default=0.0,
    metavar="T",
    help="Tokens that the model will read and write in its life.",
)
@click.option("--prices", metavar="FILE", help="TOML file with prices and utilisation; without it FLOPs are saved.")
@click.option(
    "--coefficients",
    metavar="NAME|FIT",
    help="A published law, the output of `scalebook fit --json` (with intervals if it has --bootstrap), or a family or"
    " file to fit now. [default: besiroglu2024-published]",
)
@click.option("--law", metavar="NAME", help="Law to fit to a family or file. [default: chinchilla]")
@click.option(
    "--borrow",
    is_flag=True,
    help="Fit chinchilla under what the corpus knows of its coefficients: few runs determine it, too.",
)
@click.option(
    "--bootstrap",
    "bootstraps",
    type=click.IntRange(0),
    default=200,
    show_default=True,
    metavar="N",
    help="Refits for the intervals, where a law is fitted now.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="For starts and refits.")
@click.option("--level", type=float, default=0.95, show_default=True, help="Level of the intervals.")
@click.option("--unique-tokens", type=float, metavar="U", help="Tokens of the data set; more are repeats.")
@click.option(
    "--active-share",
    type=float,
    default=1.0,
    metavar="S",
    help="Share of the parameters that a token passes through, in a mixture of experts.",
)
@click.option(
    "--granularity",
    type=float,
    metavar="G",
    help="Of the experts, by a law that takes it: width of a dense layer over theirs. [default: the best]",
)
@click.option("--experts", type=float, metavar="E", help="Per layer, by a law that takes them. [default: the best]")
@click.option("--hardware", metavar="DEVICE", help="Device that trains; see the table hardware.")
@click.option("--precision", default="bf16", show_default=True, metavar="NAME", help="Number format of its arithmetic.")
@click.option("--devices", type=click.IntRange(1), default=1, metavar="K", help="Number of devices. [default: 1]")
@click.option(
    "--utilisation",
    metavar="U|modelled",
    help="Share of the peak that is used, or modelled, by step time. [default: the median measured on that device]",
)
@click.option("--table", is_flag=True, help="Models of equal loss, and of equal cost, too.")
@about_files
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(as_json: bool, table: bool, **options: Any) -> None:
    """Plan the cheapest model of a quality: size, training tokens, and what they cost over its life.

    Say the quality by one of --flops, --loss, --like-params and --hours. The compute-optimal model of equal quality
    stands beside the plan. With inference, smaller models that train longer are cheaper.

    \b
    A prices file; whatever is left out has these values:
      [training]
      device = "A100-80GB"
      precision = "bf16"
      price = "1.40 $/h"
      utilisation = 0.5
      [inference]
      device = "A100-40GB"
      precision = "int8"
      price = "0.60 $/h"
      input_utilisation = 0.4
      output_utilisation = 0.2
      output_share = 0.2

    \b
    Examples:
      scalebook plan --flops 5.88e23 --coefficients hoffmann2022-tex
      scalebook plan --like-params 13e9 --inference-tokens 2e12 --coefficients sardana --table
      scalebook plan --loss 1.95 --inference-tokens 1e13 --prices prices.toml --json
      scalebook plan --flops 1e22 --unique-tokens 5e10 --coefficients muennighoff
      scalebook plan --hours 72 --hardware H100-80GB --devices 64
      scalebook plan --flops 1e21 --coefficients krajewski2024-e64 --granularity 16
      scalebook plan --flops 1e21 --coefficients my_runs.csv
      scalebook plan --flops 1e21 --coefficients my_few_runs.csv --borrow
    """
    from ._output import echo_json

    answer = _answer(options)
    tables = _tables(answer) if table else {}
    if as_json:
        echo_json({**answer.as_dict(), **{name: [r.as_dict() for r in rows] for name, rows in tables.items()}})
    else:
        _report(answer, tables)


def _answer(options: dict[str, Any]) -> Answer:
    """The plan, once the data that coefficients come from are read."""
    from scalebook.analysis.planner.front import DEFAULT_COEFFICIENTS, plan

    from ._data import asked, points_of
    from ._plan_data import is_data

    about = [options.pop(name) for name in ("columns", "tokens_per_step", "metric", "trust")]
    options["utilisation"] = _share(options["utilisation"])
    named = options.pop("coefficients")
    source = DEFAULT_COEFFICIENTS if named is None else named
    return plan(points_of(source, asked(*about)) if is_data(source, any(about)) else source, **options)


def _share(text: str | None) -> float | str | None:
    """A number, or the word that asks for the step time."""
    from scalebook.corpus.errors import Misuse

    if text is None or text == "modelled":
        return text
    try:
        return float(text)
    except ValueError:
        raise Misuse(f"--utilisation {text}: write a share, such as 0.4, or modelled") from None


def _tables(answer: Answer) -> dict[str, Sequence[Row]]:
    """Models of equal loss and of equal cost."""
    from scalebook.analysis.planner.coefficients import Powers
    from scalebook.analysis.planner.tables import iso_cost, iso_loss
    from scalebook.corpus.errors import Misuse

    if isinstance(answer.source, Powers):
        raise Misuse(f"--table needs a law of the loss; {answer.source.name} states the best size and tokens only")
    return {"iso_loss": iso_loss(answer), "iso_cost": iso_cost(answer)}


def _report(answer: Answer, tables: dict[str, Sequence[Row]]) -> None:
    """The plan as people read it."""
    from ._output import echo_table

    click.echo(answer.source.about)
    models = {"plan": answer.plan}
    if not answer.is_baseline:
        models["compute-optimal"] = answer.baseline
    if answer.unlimited:
        models["no repeats needed"] = answer.unlimited
    keys = [key for key in HEADS if any(getattr(model, key) is not None for model in models.values())]
    if not answer.request.inference_tokens:
        keys = [key for key in keys if key not in ("inference_flops", "total_flops")]
    unit = getattr(answer.source, "unit", "")
    rows: list[list[object]] = []
    for key in keys:
        ends = answer.intervals.get(key)
        between = f"{ends.low:.4g} to {ends.high:.4g}" if ends and ends.high > ends.low * (1 + 1e-9) else ""
        what, measure = HEADS[key]
        rows.append([what, measure or unit, *(_value(model, key) for model in models.values()), between])
    head = ["", "unit", *models, f"plan, {100 * answer.request.level:g} %"]
    if not answer.intervals:
        head, rows = head[:-1], [row[:-1] for row in rows]
    echo_table(head, rows)
    if answer.effective and answer.request.unique_tokens:
        size, spent = answer.effective
        click.echo(
            f"{answer.plan.tokens:.4g} tokens of {answer.request.unique_tokens:.4g} unique ones are worth {spent:.4g}"
            f" unique ones, and {answer.plan.params:.4g} parameters are worth {size:.4g}."
        )
    click.echo(answer.sentence)
    for words in answer.request.prices.words if answer.request.prices else ():
        click.echo(f"prices     {words}")
    if answer.request.clock:
        click.echo(f"hardware   {answer.request.clock.words}")
    for note in answer.notes:
        click.echo(f"note       {note}")
    for name, found in tables.items():
        _table(name, found, answer)


#: What a plan holds: name and unit of each row.
HEADS = {
    "params": ("parameters", "parameters"),
    "params_active": ("of these active", "parameters"),
    "params_total": ("of all experts", "parameters"),
    "granularity": ("granularity", "1"),
    "experts": ("experts per layer", "1"),
    "tokens": ("training tokens", "tokens"),
    "tokens_per_param": ("tokens per parameter", "1"),
    "epochs": ("passes over the data", "1"),
    "loss": ("loss", ""),
    "train_flops": ("training", "FLOP"),
    "inference_flops": ("inference", "FLOP"),
    "total_flops": ("training and inference", "FLOP"),
    "cost": ("cost", "$"),
    "train_hours": ("training time", "h"),
}


def _value(model: Model, key: str) -> str:
    value = getattr(model, key)
    return "" if value is None else f"{value:.4g}"


def _table(name: str, rows: Sequence[Row], answer: Answer) -> None:
    """Models of equal loss or cost, against the compute-optimal one."""
    from scalebook.analysis.planner.tables import least_params

    from ._output import echo_table

    what = answer.spent[2]
    head = ["", "params", "tokens", "tokens/param", "loss", "params x", "training x", f"{what} x"]
    body = [
        [
            row.which,
            *(f"{v:.4g}" for v in (row.model.params, row.model.tokens, row.model.tokens_per_param)),
            f"{row.model.loss:.4f}",
            *(f"{v:.3f}" for v in (row.params_ratio, row.train_ratio, row.total_ratio)),
        ]
        for row in rows
    ]
    title = "Models of equal loss" if name == "iso_loss" else f"Models of equal cost, in {what}"
    echo_table(head, body, title=f"{title} (x: times the compute-optimal model)")
    if name == "iso_loss":
        click.echo(f"Below {least_params(answer):.4g} parameters no number of tokens reaches this loss.")
