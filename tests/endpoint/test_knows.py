"""What is left out of a request after a refusal, and what is said of it."""

import pytest

from desktop_app.endpoint.knows import Knows

BODY: dict[str, object] = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "top_k": 5, "min_p": 0.1}


def told(body: dict[str, object], complaint: str, knows: Knows | None = None) -> Knows | None:
    return (knows or Knows()).without(body, complaint, elsewhere=True)


def test_nothing_is_left_out_of_what_nobody_refused() -> None:
    assert Knows().fit(BODY) == (BODY, ())


def test_the_named_field_is_left_out_and_told() -> None:
    knows = told(BODY, "{'message': 'Unrecognized request argument supplied: top_k', 'param': 'top_k'}")
    assert knows is not None
    sent, left_out = knows.fit(BODY)
    assert left_out == ("top_k",)
    assert sent.keys() == {"model", "messages", "min_p"}


def test_several_named_fields_at_once() -> None:
    knows = told(BODY, "[{'loc': ['body', 'top_k']}, {'loc': ['body', 'min_p']}]")
    assert knows is not None
    assert knows.fit(BODY)[1] == ("top_k", "min_p")


@pytest.mark.parametrize(
    ("field", "other"),
    [("continue_final_message", "add_generation_prompt"), ("top_logprobs", "logprobs")],
)
def test_what_means_nothing_alone_goes_along(field: str, other: str) -> None:
    knows = told({**BODY, field: True, other: False}, f"unknown: {field}")
    assert knows is not None
    assert knows.unknown == {field, other}


def test_a_complaint_about_words_of_the_question_leaves_the_question_alone() -> None:
    knows = told(BODY, "the model does not like your messages")
    assert knows == Knows(options={})
    assert knows is not None
    assert told(BODY, "the model does not like your messages", knows) is None


def test_the_options_of_the_stream_go_one_after_the_other() -> None:
    knows = told(BODY, "unknown: continuous_usage_stats")
    assert knows == Knows(options={"include_usage": True})


def test_the_new_name_of_the_limit() -> None:
    body = {**BODY, "max_tokens": 5}
    knows = told(body, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.")
    assert knows is not None
    sent, left_out = knows.fit(body)
    assert (sent.get("max_completion_tokens"), "max_tokens" in sent, left_out) == (5, False, ())


@pytest.mark.parametrize(
    "complaint",
    [
        "System role not supported",
        "Only user and assistant roles are supported!",
        "Conversation roles must alternate user/assistant/user/assistant/...",
    ],
)
@pytest.mark.parametrize("elsewhere", [True, False])
def test_a_template_without_a_system(complaint: str, elsewhere: bool) -> None:
    turns: list[dict[str, object]] = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "hi"}]
    body = {"messages": turns}
    knows = Knows().without(body, complaint, elsewhere)
    assert knows is not None
    assert knows.fit(body) == ({"messages": [{"role": "user", "content": "Be kind.\n\nhi"}]}, ("system",))
    assert knows.without(knows.fit(body)[0], complaint, elsewhere=False) is None
    parts = {"messages": [turns[0], {"role": "user", "content": [{"type": "image_url"}]}]}
    assert knows.fit(parts)[0]["messages"] == [
        {"role": "user", "content": [{"type": "text", "text": "Be kind."}, {"type": "image_url"}]}
    ]
    assert knows.fit({"messages": turns[:1]})[0]["messages"] == [{"role": "user", "content": "Be kind."}]


def test_ours_is_not_asked_twice_for_anything_else() -> None:
    assert Knows().without(BODY, "top_k must be positive", elsewhere=False) is None


def test_a_template_that_cannot_continue_is_not_made_to_begin_anew() -> None:
    body = {**BODY, "continue_final_message": True}
    knows = told(body, "continue_final_message is set but the final message does not appear in the chat")
    assert knows is not None
    assert not knows.unknown
