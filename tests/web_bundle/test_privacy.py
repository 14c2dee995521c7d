"""The recording stays on the device: every request is watched, and then there is no network."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import soundfile
from playwright.sync_api import expect

from affekt.web_bundle import write_web_bundle


def test_no_request_carries_anything_and_none_goes_elsewhere(
    open_page, serve, default_folder, write_voice
):
    site = serve(default_folder)
    sockets = []
    opened = open_page(site.url)
    opened.page.context.route_web_socket("**/*", lambda route: sockets.append(route.url))
    opened.wait_until_offline_works()
    loaded, asked = len(opened.requests), len(site.asked)
    opened.choose(write_voice("one.wav", 3.0), write_voice("long.flac", 14.0))
    assert len(opened.results()) == 2
    opened.page.get_by_role("button", name="Record", exact=True).click()
    expect(opened.page.get_by_role("button", name="Stop recording")).to_have_text("Stop 0:01")
    opened.page.get_by_role("button", name="Stop recording").click()
    expect(opened.page.locator("article")).to_have_count(3)
    expect(opened.page.locator("article progress")).to_have_count(0)

    # What a person does asks the network for nothing; the recorder's script was kept on loading.
    later = {request.url for request in opened.requests[loaded:]}
    assert {url for url in later if not url.startswith("blob:")} <= {
        f"{site.url}recorder-worklet.js"
    }
    assert len(site.asked) == asked
    # What the browser says of itself, and what the server saw, the service worker's included.
    assert all(request.method == "GET" for request in opened.requests)
    assert all(request.body is None for request in opened.requests)
    assert all(
        request.url.startswith((site.url, f"blob:{site.url}")) for request in opened.requests
    )
    assert {(method, size) for method, _, size in site.asked} == {("GET", 0)}
    assert all("?" not in path for _, path, _ in site.asked)
    assert sockets == []
    assert opened.violations() == []
    assert opened.complaints == []


def test_the_policy_forbids_sending_even_to_whoever_wanted_to(open_page, serve, tone_folder):
    opened = open_page(serve(tone_folder).url, service_workers="block")
    other = serve(tone_folder)
    ways = {
        "connect-src": f"fetch('{other.url}', {{ method: 'POST', body: 'x' }})",
        "img-src": loading("img", f"{other.url}icon.svg"),
        "script-src-elem": loading("script", f"{other.url}files.js"),
    }
    for directive, attempt in ways.items():
        assert opened.page.evaluate(f"{attempt}.then(() => 'sent', () => 'refused')") == "refused"
        assert any(item.startswith(directive) for item in opened.violations()), directive
    assert other.asked == []


def loading(tag: str, url: str) -> str:
    return f"""new Promise((loaded, refused) => {{
      const item = document.createElement("{tag}");
      Object.assign(item, {{ onload: loaded, onerror: refused, src: "{url}" }});
      document.head.append(item);
    }})"""


def test_once_loaded_everything_works_without_a_network(
    open_page, serve, default_folder, write_voice
):
    opened = open_page(serve(default_folder).url)
    opened.wait_until_offline_works()
    path = write_voice("one.wav", 3.0)
    opened.choose(path)
    online = opened.results()
    opened.page.context.set_offline(True)
    opened.page.reload()
    opened.wait_until_ready()
    opened.choose(path)
    assert opened.results() == online
    opened.page.get_by_role("button", name="Record", exact=True).click()
    expect(opened.page.get_by_role("button", name="Stop recording")).to_be_visible()
    opened.page.get_by_role("button", name="Stop recording").click()
    assert opened.complaints == []


def test_a_page_in_a_folder_of_a_site_works_and_leaves_the_rest_of_the_site_alone(
    open_page, serve, library, tone_bundle, tmp_path
):
    folder = tmp_path / "site" / "voice" / "page"
    write_web_bundle(folder, model=tone_bundle, library=library)
    (folder / "other.txt").write_text("one")
    opened = open_page(f"{serve(tmp_path / 'site').url}voice/page/")
    opened.wait_until_offline_works()
    read = "fetch('other.txt', { cache: 'no-store' }).then((answer) => answer.text())"
    assert opened.page.evaluate(read) == "one"
    (folder / "other.txt").write_text("two")
    assert opened.page.evaluate(read) == "two"
    opened.page.context.set_offline(True)
    opened.page.goto(opened.page.url + "index.html?from=bookmark")
    opened.wait_until_ready()


def test_a_new_version_replaces_the_old_one(
    open_page, serve, tones, library, tone_bundle, tmp_path
):
    folder = tmp_path / "page"
    write_web_bundle(folder, model=tone_bundle, library=library)
    opened = open_page(serve(folder).url)
    opened.wait_until_offline_works()
    newer = tones.write_bundle(tmp_path / "newer.onnx", version="2.0")
    write_web_bundle(folder, model=newer, library=library)

    # The next visit still shows what is kept, and fetches the new one for the visit after.
    context = opened.page.context
    opened.page.reload()
    expect(opened.page.get_by_role("status")).to_contain_text("Ready: tones 1.2")
    waiting = "navigator.serviceWorker.getRegistration().then((found) => found.waiting !== null)"
    for _ in range(600):
        if opened.page.evaluate(waiting):
            break
        opened.page.wait_for_timeout(50)
    else:
        pytest.fail("the new version never came")
    opened.page.close()
    for _ in range(20):  # a visit before the browser has let the last one go still meets the old
        page = context.new_page()
        page.wait_for_timeout(50)
        page.goto(opened.page.url)
        status = page.get_by_role("status")
        expect(status).to_contain_text("Ready: tones")
        if "tones 2.0" in status.inner_text():
            break
        page.close()
    else:
        pytest.fail("the new version never took over")
    assert len(page.evaluate("caches.keys()")) == 1


def test_the_sources_name_no_other_host():
    page = Path(__file__).parents[2] / "src" / "affekt" / "web_bundle" / "page"
    for path in page.glob("*.js"):
        assert "//" not in re.sub(r"^\s*//.*$| // .*$", "", path.read_text("utf-8"), flags=re.M)


def test_what_is_kept_in_the_browser_is_the_page_and_no_recording(
    open_page, serve, tone_folder, tones, tmp_path
):
    soundfile.write(tmp_path / "sad.wav", tones.tone("sad"), 16_000)
    opened = open_page(serve(tone_folder).url)
    opened.wait_until_offline_works()
    opened.choose(tmp_path / "sad.wav")
    kept = opened.page.evaluate(
        """async () => ({
          caches: (await Promise.all((await caches.keys()).map(async (name) =>
            (await (await caches.open(name)).keys()).map((request) => new URL(request.url).pathname)
          ))).flat().sort(),
          databases: await indexedDB.databases(),
          storage: localStorage.length + sessionStorage.length,
          cookies: document.cookie,
        })"""
    )
    files = {
        f"/{path.relative_to(tone_folder).as_posix()}"
        for path in tone_folder.rglob("*")
        if path.is_file()
    }
    assert set(kept["caches"]) == files - {"/index.html", "/sw.js", "/files.js"} | {"/"}
    assert (kept["databases"], kept["storage"], kept["cookies"]) == ([], 0, "")
