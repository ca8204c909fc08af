"""Specs: what people type, and what they are told when it is wrong."""

import pytest
from hypothesis import given, strategies as st

from bridgebench import InvalidOption, Solver, Transform, UnknownName
from bridgebench.interfaces.quoting import quoted
from bridgebench.plugins.registry import Kind, load_registry
from bridgebench.plugins.specs import (
    build,
    build_chain,
    expand_all,
    parse_spec,
    split_chain,
    split_list,
)

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
VALUES = st.from_regex(r"[A-Za-z0-9_./-]{1,8}", fullmatch=True)


@pytest.fixture(scope="module")
def registry():
    return load_registry()


@given(NAMES, st.dictionaries(NAMES, VALUES, max_size=3))
def test_a_spec_parses_to_what_it_was_made_of(name, options):
    text = ":".join([name, *(f"{key}={value}" for key, value in options.items())])
    assert parse_spec(text) == (name, options)


@given(NAMES, st.dictionaries(NAMES, st.text(max_size=8), max_size=3))
def test_any_value_can_be_quoted_in_lists_and_chains(name, options):
    text = ":".join([name, *(f"{key}={quoted(value)}" for key, value in options.items())])
    assert parse_spec(text) == (name, options)
    assert split_list(f"first,{text},last") == ("first", text, "last")
    assert split_chain(f"first+{text}+last") == ("first", text, "last")


@pytest.mark.parametrize("text", ['a:b="c', 'a:b=c"d"', 'a:b="c"d'])
def test_a_quote_that_is_not_closed_or_in_the_middle_is_refused(text):
    with pytest.raises(InvalidOption, match="quote"):
        parse_spec(text)


@given(st.lists(NAMES, min_size=1, max_size=4))
def test_a_list_splits_at_its_commas(names):
    assert split_list(",".join(names)) == tuple(names)


@pytest.mark.parametrize("text", ["", "a,,b", ",a", "a,"])
def test_a_list_with_a_gap_is_refused(text):
    with pytest.raises(InvalidOption, match="empty entry"):
        split_list(text)


@pytest.mark.parametrize("text", ["Euler", "7", "dpm:variant", "dpm:=2s", "dpm:variant=", "a b"])
def test_what_is_no_spec_is_refused(text):
    with pytest.raises(InvalidOption):
        parse_spec(text)


def test_an_option_given_twice_is_refused():
    with pytest.raises(InvalidOption, match="twice"):
        parse_spec("scale:c=1:c=2")


def test_options_are_typed_and_checked(registry):
    made = build(registry, Kind.TRANSFORM, Transform, "blend_image:p=0.5")
    assert made.resolved() == {"name": "blend_image", "p": 0.5}
    with pytest.raises(InvalidOption, match=r"p=1\.5: Input should be less than or equal to 1"):
        build(registry, Kind.TRANSFORM, Transform, "blend_image:p=1.5")
    with pytest.raises(InvalidOption, match="p=nan"):
        build(registry, Kind.TRANSFORM, Transform, "blend_image:p=nan")
    with pytest.raises(InvalidOption, match="p=much"):
        build(registry, Kind.TRANSFORM, Transform, "blend_image:p=much")
    with pytest.raises(UnknownName, match="did you mean variant"):
        build(registry, Kind.SOLVER, Solver, "dpm:varient=2s")


def test_the_spec_of_a_plugin_builds_it_again(registry):
    for text in ("dpm:spacing=logsnr:variant=2s", "euler", "heun:spacing=time_quadratic"):
        made = build(registry, Kind.SOLVER, Solver, text)
        assert build(registry, Kind.SOLVER, Solver, made.spec) == made


def test_a_chain_keeps_its_order(registry):
    chain = build_chain(registry, "rotate_image+blur_image+blur_latent")
    assert chain.spec == "rotate_image+blur_image+blur_latent"
    assert chain.image_stage.spec == "rotate_image+blur_image"


def test_all_leaves_out_what_needs_an_option(registry):
    everything = expand_all(registry, Kind.TRANSFORM, ("identity",))
    assert everything[0] == "identity"
    assert "normalize" in everything
    assert "scale" not in everything
