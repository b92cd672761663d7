"""A subscriber made of Python `websockets`: says on stdout, in JSON lines, what it saw.

    client.py URL COUNT [--deflate] [--window-bits N] [--no-takeover] [--cafile FILE]

It pings, publishes one message in two fragments, waits until COUNT messages have come, and closes
with code 4001.
"""

import argparse
import asyncio
import json
import ssl

from websockets.asyncio.client import connect
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory


def extensions(arguments):
    if not arguments.deflate:
        return None
    bits = arguments.window_bits
    return [
        ClientPerMessageDeflateFactory(
            server_max_window_bits=bits,
            client_max_window_bits=bits or True,
            server_no_context_takeover=arguments.no_takeover,
            client_no_context_takeover=arguments.no_takeover,
        )
    ]


def say(**what):
    print(json.dumps(what), flush=True)


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("count", type=int)
    parser.add_argument("--deflate", action="store_true")
    parser.add_argument("--window-bits", type=int)
    parser.add_argument("--no-takeover", action="store_true")
    parser.add_argument("--cafile")
    arguments = parser.parse_args()
    options = {}
    if arguments.cafile:
        options["ssl"] = ssl.create_default_context(cafile=arguments.cafile)
    async with connect(
        arguments.url,
        compression=None,
        extensions=extensions(arguments),
        proxy=None,
        ping_interval=None,
        **options,
    ) as socket:
        agreed = [extension.name for extension in socket.protocol.extensions]
        say(event="open", extensions=agreed, answer=dict(socket.response.headers.raw_items()))
        await (await socket.ping())
        say(event="pong")
        await socket.send(iter(["sent in ", "two fragments"]))
        for _ in range(arguments.count):
            say(event="message", text=await socket.recv())
        await socket.close(4001, "enough")
        say(event="close", code=socket.protocol.close_rcvd.code)


asyncio.run(main())
