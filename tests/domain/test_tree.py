"""Every version of every turn, and the path through them that is shown."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from desktop_app.domain.chat import Message, Role
from desktop_app.domain.tree import Place, Tree

LONG = 10_000


def message(number: int, parent: int | None = None, *, deleted: bool = False) -> Message:
    role = Role.USER if number % 2 else Role.ASSISTANT
    return Message(number, role, f"text {number}", parent=parent, deleted=deleted)


def ids(messages: Iterable[Message]) -> list[int]:
    return [one.id for one in messages]


@pytest.fixture
def tree() -> Tree:
    """1 → 2 → 3, with 4 and then 5 (→ 6) beside 2."""
    parents = {1: None, 2: 1, 3: 2, 4: 1, 5: 1, 6: 5}
    return Tree(message(number, parent) for number, parent in parents.items())


def test_an_empty_one() -> None:
    tree = Tree()
    assert (tree.path(), tree.leaf(), tree.places(), len(tree)) == ((), None, {}, 0)


def test_the_newest_versions_are_shown_unless_others_were_chosen(tree: Tree) -> None:
    assert ids(tree.path()) == [1, 5, 6]
    assert tree.leaf() == 6
    tree.choose(2)
    assert ids(tree.path()) == [1, 2, 3]
    tree.choose(4)
    assert ids(tree.path()) == [1, 4]
    assert Tree(tree.messages, tree.chosen).path() == tree.path()


def test_places_among_versions(tree: Tree) -> None:
    assert tree.places() == {5: Place(3, 3)}
    tree.choose(2)
    assert tree.places() == {2: Place(1, 3)}
    tree.delete(4)
    assert tree.places() == {2: Place(1, 2)}
    assert tree.versions(2) == (2, 5)
    tree.delete(5, with_following=True)
    assert tree.places() == {}


def test_what_follows_a_deleted_turn_stays(tree: Tree) -> None:
    assert tree.delete(5) == (5,)
    assert ids(tree.path()) == [1, 6]
    assert ids(tree.path_to(6)) == [1, 6]
    assert tree.leaf() == 6
    tree.restore((5,))
    assert ids(tree.path()) == [1, 5, 6]


def test_a_deleted_last_turn_gives_way_to_the_version_before_it(tree: Tree) -> None:
    assert tree.delete(5, with_following=True) == (5, 6)
    assert tree.delete(5, with_following=True) == ()
    assert ids(tree.path()) == [1, 4]
    tree.delete(4)
    assert ids(tree.path()) == [1, 2, 3]
    tree.delete(1, with_following=True)
    assert tree.path() == ()
    assert tree.leaf() is None


def test_a_new_turn_and_a_new_version_are_shown(tree: Tree) -> None:
    tree.choose(2)
    tree.add(message(7, 3))
    assert ids(tree.path()) == [1, 2, 3, 7]
    tree.add(message(8))
    assert ids(tree.path()) == [8]
    assert tree.versions(1) == (1, 8)


def test_a_message_is_replaced_by_what_became_of_it(tree: Tree) -> None:
    tree.put(replace(tree.get(6), text="more"))
    assert tree.path()[-1].text == "more"
    with pytest.raises(KeyError):
        tree.put(message(99))
    with pytest.raises(ValueError, match="parent"):
        tree.put(message(6, 1))


def test_what_makes_no_sense_is_shown_rather_than_lost() -> None:
    tree = Tree([message(2, 99), message(3, 3), message(4, 2)], {None: 4, 2: 99, 77: 2})
    assert ids(tree.path()) == [3]
    tree.choose(2)
    assert ids(tree.path()) == [2, 4]


@pytest.mark.parametrize("deleted", [0, LONG // 2, LONG])
def test_a_very_long_conversation(deleted: int) -> None:
    tree = Tree(message(number, number - 1 or None, deleted=number <= deleted) for number in range(1, LONG + 1))
    shown = list(range(deleted + 1, LONG + 1))
    assert ids(tree.path()) == ids(tree.path_to(LONG)) == shown
    assert tree.leaf() == (LONG if shown else None)
    assert tree.places() == {}
    assert len(tree.delete(1, with_following=True)) == len(shown)


class Growing(RuleBasedStateMachine):
    """Whatever is done, in whatever order: nothing is lost, and the path is one that can be read."""

    known = Bundle("known")

    def __init__(self) -> None:
        super().__init__()
        self.tree = Tree()
        self.texts: dict[int, str] = {}
        self.deleted: set[int] = set()

    @rule(target=known)
    def begin(self) -> int:
        return self._add(None)

    @rule(target=known, parent=known)
    def follow(self, parent: int) -> int:
        return self._add(parent)

    @rule(one=known)
    def choose(self, one: int) -> None:
        self.tree.choose(one)
        if one not in self.deleted and {*self._above(one)} <= {*self._line()}:
            assert one in ids(self.tree.path())

    @rule(one=known, with_following=st.booleans())
    def delete(self, one: int, with_following: bool) -> None:
        taken = self.tree.delete(one, with_following=with_following)
        assert not self.deleted & set(taken)
        self.deleted |= set(taken)
        assert one in self.deleted

    @rule(one=known)
    def restore(self, one: int) -> None:
        self.tree.restore([one])
        self.deleted.discard(one)

    @rule()
    def read_again(self) -> None:
        before = self.tree
        self.tree = Tree(before.messages, before.chosen)
        assert self.tree.path() == before.path()

    @invariant()
    def nothing_is_lost(self) -> None:
        assert {one.id: one.text for one in self.tree.messages} == self.texts
        assert {one.id for one in self.tree.messages if one.deleted} == self.deleted

    @invariant()
    def the_path_can_be_read(self) -> None:
        path = self.tree.path()
        assert not self.deleted & set(ids(path))
        assert bool(path) == (len(self.deleted) < len(self.texts))
        if path:
            assert self.tree.path_to(path[-1].id) == path
            assert self.tree.leaf() == path[-1].id

    @invariant()
    def places_are_among_versions(self) -> None:
        shown = set(ids(self.tree.path()))
        for one, place in self.tree.places().items():
            assert one in shown
            assert self.tree.versions(one)[place.number - 1] == one
            assert 1 < len(self.tree.versions(one)) == place.count

    def _add(self, parent: int | None) -> int:
        number = len(self.texts) + 1
        self.tree.add(message(number, parent))
        self.texts[number] = f"text {number}"
        return number

    def _above(self, one: int) -> Iterable[int]:
        step = self.tree.get(one).parent
        while step is not None:
            yield step
            step = self.tree.get(step).parent

    def _line(self) -> Iterable[int]:
        leaf = self.tree.leaf()
        return () if leaf is None else (leaf, *self._above(leaf))


TestGrowing = Growing.TestCase
TestGrowing.settings = settings(deadline=None, max_examples=40, stateful_step_count=25)
