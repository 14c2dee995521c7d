"""The options of a request, as they stand in its address."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field, create_model

from affekt.records import Option, RecogniseRequest, StreamRequest, TimelineRequest, declarations
from affekt.service.schemas import Exact


def _query(options: type) -> type[BaseModel]:
    """Return the model that reads options from the text of an address, and refuses others."""
    fields: dict[str, Any] = {}
    for name, (kind, option) in declarations(options).items():
        value = _in_address(kind, option)
        optional = value | None if option.default is None else value
        fields[name] = (optional, Field(option.default, description=option.help))
    return create_model(options.__name__, __base__=Exact, __doc__=options.__doc__, **fields)


def _in_address(value: Any, option: Option) -> Any:
    """Return the type of an option as text: one of its choices, names with commas, or itself."""
    if option.choices is not None:
        words = Literal.__getitem__(tuple(map(str, option.choices)))
        return Annotated[words, AfterValidator(type(option.choices[0]))]
    limits = Field(ge=option.least, le=option.most, max_length=option.longest)
    if value in (bool, int, float, str):
        return Annotated[value, limits]
    return Annotated[str, limits, AfterValidator(_names)]


def _names(text: str) -> list[str]:
    return text.split(",")


RecogniseQuery = _query(RecogniseRequest)
TimelineQuery = _query(TimelineRequest)
StreamQuery = _query(StreamRequest)
