"""Methods and paths there are not are refused as RFC 9457 says."""

from dataclasses import replace

from tests.api.refusing import TO_SPEAK, Call, Scene, scene

__all__ = ["scene"]


def test_methods_there_are_not(scene: Scene) -> None:
    every = ("GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND", "QUERY", "BREW")
    paths = {
        "/treatments": {"GET"},
        "/therapists": {"GET"},
        "/availability": {"GET"},
        "/openapi.json": {"GET"},
        "/holds": {"POST"},
        "/appointments": {"POST"},
        scene.calls["look"].path: {"GET", "PATCH", "DELETE"},
    }
    attacks = {
        f"{method} {path[:14]}": Call(method, path)
        for path, known in paths.items()
        for method in every
        if method not in known
    }
    scene.refuses(attacks, status=405, code="http-405", questions=TO_SPEAK)
    for path, known in paths.items():
        head = {"HEAD"} if "GET" in known else set()
        answer = scene.send(Call("OPTIONS", path))
        assert (answer.status_code, set(answer.allow)) == (200, known | head | {"OPTIONS"})
        assert set(scene.send(Call("PUT", path)).allow) == known | head | {"OPTIONS"}


def test_only_the_head_of_an_answer_is_sent_to_who_asks_for_no_more(scene: Scene) -> None:
    for name in ("availability", "look"):
        whole = scene.send(scene.calls[name])
        head = scene.send(replace(scene.calls[name], method="HEAD"))
        assert (head.status_code, head.get_data()) == (200, b"")
        assert head.headers["Content-Length"] == whole.headers["Content-Length"]
        wrong = scene.send(replace(scene.calls[name], method="HEAD", query="nothing=1"))
        assert (wrong.status_code, wrong.mimetype, wrong.get_data()) == (422, "application/problem+json", b"")


def test_no_header_makes_another_method_of_a_call(scene: Scene) -> None:
    before = scene.rows()
    for header in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        assert scene.send(replace(scene.calls["look"], headers={header: "DELETE"})).status_code == 200
        assert scene.send(replace(scene.calls["look"], query="_method=DELETE")).status_code == 422
    assert scene.rows() == before


def test_paths_there_are_not(scene: Scene) -> None:
    paths = (
        "/",
        "/nothing",
        "/availability/",
        "/holds/1",
        "/appointments/",
        "/appointments/a/b",
        "/appointments/a%2Fb",
    )
    paths += ("/../admin", "/%2e%2e/staff", "/availability;x=1", "/availability%00", "/" + "x" * 5000)
    scene.refuses(
        {path[:40]: Call(method, path) for path in paths for method in ("GET", "POST")},
        status=404,
        code="http-404",
        questions=TO_SPEAK,
    )
