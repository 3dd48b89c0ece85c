"""Methods that a path does not have."""

from tests.support.api import ApiRoom, in_room


def test_a_wrong_method_is_told_all_that_there_are() -> None:
    """Where several endpoints share a path, `Allow` names the methods of all of them."""

    async def story(room: ApiRoom) -> None:
        for method, path, allowed in (
            ("OPTIONS", "/api/bots/a", "DELETE, GET, PATCH"),
            ("DELETE", "/api/settings", "GET, POST"),
            ("OPTIONS", "/api/bots/preview", "POST"),
        ):
            answer = await room.send(method, path)
            assert (answer.status, answer.headers["allow"]) == (405, allowed)

    in_room(story)
