"""`WebSocket /v1/stream`: sound in as it is spoken, an answer out once a hop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from affekt.audio import SAMPLING_RATE_HZ, Bandwidth, PcmReader, Signal
from affekt.errors import AffektError
from affekt.recognition import Recognizer, StreamRecognizer, check_purpose, plan_tracks, stamp
from affekt.records import Moment
from affekt.service.idle_timeout import IdleTimeout
from affekt.service.problems import Problem, ProblemResponse, problem_of
from affekt.service.queries import StreamQuery
from affekt.service.service import Service, check_key, service_of
from affekt.service.transcoder import Transcoder

router = APIRouter()

# Messages that wait to be worked on. While so many do, the socket is not read, its buffers fill,
# and the sender has to wait.
_WAITING = 8

# Samples recognised in one go: a message may hold minutes, and other streams wait meanwhile.
_PIECE = SAMPLING_RATE_HZ

# Speech needs more, even in silence; a slower sender only keeps a place.
_LEAST_BYTES_PER_S = 50
# For a problem, to a client that may not read.
_LAST_WORD_S = 1.0

_DONE, _POLICY, _FAILED, _LATER = 1000, 1008, 1011, 1013


@router.websocket("/v1/stream")
async def stream(socket: WebSocket) -> None:
    """Take binary messages of any size, answer JSON; `{"type": "end"}` ends the stream."""
    service = service_of(socket)
    try:
        _check_origin(socket, service.settings.cors)
        check_key(socket)
        query = _query(socket)
        with service.streams.place():
            session = await _Session.open(service, query)
            try:
                await socket.accept()
                with contextlib.suppress(WebSocketDisconnect):
                    await _converse(socket, service, session, query)
            finally:
                session.close()
    except Problem as problem:
        await _refuse(socket, problem)


@router.websocket("/{path:path}")
async def nothing_here(socket: WebSocket) -> None:
    """Refuse every other address as HTTP does: the framework's own 403 would say nothing."""
    await _refuse(socket, Problem("not-found", "there is one WebSocket here: /v1/stream"))


class _Session:
    """One stream: its decoder, and its recognizer."""

    def __init__(
        self,
        service: Service,
        recognizer: StreamRecognizer,
        source: PcmReader | Transcoder,
        *,
        source_rate_hz: int,
    ) -> None:
        self._engine = service.engine
        self._metrics = service.metrics
        self._recognizer = recognizer
        self.source = source
        self.samples = 0
        self.band = Bandwidth(SAMPLING_RATE_HZ, source_rate_hz)

    @classmethod
    async def open(cls, service: Service, query: dict[str, Any]) -> _Session:
        def prepare(recognizer: Recognizer) -> tuple[StreamRecognizer, PcmReader | Transcoder]:
            if query["speaker"] is not None:
                # One voice is one channel with a name: the same rule as for calls.
                plan_tracks(
                    1,
                    names=[query["speaker"]],
                    analyse=[query["speaker"]],
                    purpose=query["purpose"],
                    consented=query["consented"],
                )
            else:
                check_purpose(query["purpose"], consented=query["consented"])
            stream_recognizer = StreamRecognizer(
                recognizer,
                window_s=query["window_s"],
                hop_s=query["hop_s"],
                threshold=query["threshold"],
            )
            if query["encoding"] == "container":
                memory_mb = service.settings.memory_mb
                transcoder = Transcoder(
                    memory_mb=memory_mb, channel=query["channel"], mix=query["mix"]
                )
                return stream_recognizer, transcoder
            source = PcmReader(
                sample_format=query["encoding"],
                sampling_rate_hz=query["sampling_rate_hz"],
                channels=query["channels"],
                channel=query["channel"],
                refuse_calls=not query["mix"],
            )
            return stream_recognizer, source

        try:
            recognizer = await service.engine.recognizer(query["model"])
            # Not in the event loop: a process may take its time to start.
            stream_recognizer, source = await asyncio.to_thread(prepare, recognizer)
        except AffektError as error:
            raise problem_of(error) from None
        rate_hz = (
            SAMPLING_RATE_HZ if query["encoding"] == "container" else query["sampling_rate_hz"]
        )
        return cls(service, stream_recognizer, source, source_rate_hz=rate_hz)

    async def push(self, samples: Signal) -> list[Moment]:
        self.samples += samples.size
        self._metrics.audio.labels("stream").inc(samples.size / SAMPLING_RATE_HZ)

        def push() -> list[Moment]:
            self.band.update(samples)
            return self._recognizer.push(samples)

        return await self._engine.in_thread(push)

    async def finish(self) -> list[Moment]:
        return await self._engine.in_thread(self._recognizer.finish)

    def close(self) -> None:
        if isinstance(self.source, Transcoder):
            self.source.close()


async def _converse(
    socket: WebSocket, service: Service, session: _Session, query: dict[str, Any]
) -> None:
    """Read, recognise and answer until the end; any failure ends all three."""
    messages: asyncio.Queue[bytes | None] = asyncio.Queue(_WAITING)
    answered = 0
    purpose = stamp(query["purpose"], consented=query["consented"])
    idle_s = service.settings.idle_timeout_s
    send = partial(_send, socket, idle_s)
    idle_timeout = IdleTimeout(
        idle_s=idle_s,
        total_s=service.settings.max_duration_s,
        least_bytes_per_s=_LEAST_BYTES_PER_S,
    )

    async def answer(moments: list[Moment]) -> None:
        nonlocal answered
        for moment in moments:
            await send({"type": "moment", "purpose": purpose, **moment.to_dict()})
            answered += 1

    async def take() -> None:
        """Pass messages on; the queue is what holds the sender back."""
        while True:
            message = await idle_timeout.wait_for(_next(socket))
            await messages.put(message)
            if message is None:
                return

    async def work() -> None:
        async for piece in _pieces(_samples(session, messages)):
            if session.samples / SAMPLING_RATE_HZ > service.settings.max_duration_s:
                raise Problem(
                    "recording-too-long",
                    f"longer than {service.settings.max_duration_s:g} s: begin another stream",
                )
            await answer(await session.push(piece))
        await answer(await session.finish())

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(take())
            group.create_task(work())
            if isinstance(session.source, Transcoder):
                group.create_task(_forward(session.source, messages))
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    duration_s = round(session.samples / SAMPLING_RATE_HZ, 3)
    end = {"type": "end", "purpose": purpose, "duration_s": duration_s}
    await send(end | {"moments": answered, "warnings": session.band.warnings()})
    await socket.close(_DONE)


async def _send(socket: WebSocket, timeout_s: float, message: dict[str, Any]) -> None:
    try:
        async with asyncio.timeout(timeout_s):
            await socket.send_json(message)
    except TimeoutError:
        raise Problem(
            "answers-unread", f"no answer was read for {timeout_s:g} s: read while sending"
        ) from None


async def _next(socket: WebSocket) -> bytes | None:
    """Return the next bytes, or None where the client ends the stream.

    Raises:
        WebSocketDisconnect: the client is gone.
        Problem: a message that is neither bytes nor the end.
    """
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1005))
    data = message.get("bytes")
    if data is not None:
        return bytes(data)
    if "".join(str(message.get("text")).split()) == '{"type":"end"}':
        return None
    raise Problem("bad-request", 'expected bytes, or {"type": "end"} at the end of the stream')


async def _samples(
    session: _Session,
    messages: asyncio.Queue[bytes | None],
) -> AsyncIterator[Signal]:
    source = session.source
    if isinstance(source, Transcoder):
        async for samples in source.samples():
            yield samples
        return
    while (chunk := await messages.get()) is not None:
        try:
            yield source.push(chunk)
        except AffektError as error:
            raise problem_of(error) from None
    yield source.finish()


async def _pieces(signals: AsyncIterator[Signal]) -> AsyncIterator[Signal]:
    async for samples in signals:
        for place in range(0, samples.size, _PIECE):
            yield samples[place : place + _PIECE]


async def _forward(transcoder: Transcoder, messages: asyncio.Queue[bytes | None]) -> None:
    while (chunk := await messages.get()) is not None:
        if chunk:
            await transcoder.put(chunk)
    await transcoder.put(b"")


def _check_origin(socket: WebSocket, allowed: tuple[str, ...]) -> None:
    """Refuse other pages: browsers ask nobody before they open a WebSocket from one.

    Raises:
        Problem: a page calls that is neither the service's own nor allowed.
    """
    origin = socket.headers.get("origin")
    if origin is None or origin in allowed:  # no browser, or a page that may
        return
    if origin.partition("://")[2] != socket.headers.get("host"):
        raise Problem("forbidden", "pages of other origins may not call: see --cors")


def _query(socket: WebSocket) -> dict[str, Any]:
    try:
        return dict(StreamQuery.model_validate(dict(socket.query_params)))
    except ValidationError as error:
        wrong = [
            {"parameter": ".".join(map(str, item["loc"])), "message": item["msg"]}
            for item in error.errors()
        ]
        detail = "; ".join(f"{item['parameter']}: {item['message']}" for item in wrong)
        raise Problem("invalid-parameter", detail, errors=wrong) from None


async def _refuse(socket: WebSocket, problem: Problem) -> None:
    """Answer a problem: as the handshake's answer, or, later, as a message before the end."""
    service_of(socket).metrics.errors.labels(problem.kind).inc()
    socket.scope["state"]["log"]["problem"] = problem.kind
    request_id = socket.scope["state"]["id"]
    if socket.application_state == WebSocketState.CONNECTING:
        await socket.send_denial_response(ProblemResponse(problem, request_id))
        return
    code = _FAILED if problem.status >= 500 else _LATER if problem.status == 429 else _POLICY
    with contextlib.suppress(WebSocketDisconnect, RuntimeError, TimeoutError):
        async with asyncio.timeout(_LAST_WORD_S):
            await socket.send_json({"type": "problem", "problem": problem.to_dict(request_id)})
            await socket.close(code, problem.kind)
