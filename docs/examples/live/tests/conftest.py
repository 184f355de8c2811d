from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from bolthead import Flask
from bolthead.async_testing import AsyncFlaskClient
from live import create_app


@pytest.fixture
def app() -> Flask:
    return create_app({"TESTING": True, "SECRET_KEY": "test", "STEP": 0.001})


@pytest.fixture
def run(app: Flask) -> Callable[[Callable[[AsyncFlaskClient], Coroutine[Any, Any, Any]]], Any]:
    """Run a coroutine function with a client that has logged in as Ada."""

    def use(scenario: Callable[[AsyncFlaskClient], Coroutine[Any, Any, Any]]) -> Any:
        async def main() -> Any:
            async with app.async_test_client() as client:
                await client.post("/login", data={"name": "Ada"})
                return await scenario(client)

        return asyncio.run(main())

    return use
