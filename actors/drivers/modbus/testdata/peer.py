"""A Modbus device by pymodbus: units 1 and 2, each with 200 bits and registers of every kind.

peer.py tcp PORT      Modbus TCP
peer.py rtu PORT      RTU over TCP
peer.py serial PATH   RTU on a serial port, 19200 8N1: pseudo terminals have no parity

Holding register n is n at first, input register n is 1000 + n, coil n is off, and discrete input n is on if n is odd.
"""
import asyncio
import sys

from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.server import StartTcpServer
from pymodbus.server.async_io import ModbusSerialServer
from pymodbus.transaction import ModbusRtuFramer, ModbusSocketFramer


def unit():
    return ModbusSlaveContext(
        co=ModbusSequentialDataBlock(0, [False] * 200),
        di=ModbusSequentialDataBlock(0, [n % 2 == 1 for n in range(200)]),
        hr=ModbusSequentialDataBlock(0, list(range(200))),
        ir=ModbusSequentialDataBlock(0, [1000 + n for n in range(200)]),
        zero_mode=True,
    )


async def serial(context, port):
    server = ModbusSerialServer(context, ModbusRtuFramer, port=port, baudrate=19200, parity="N", stopbits=1, bytesize=8)
    await server.start()  # Debian's version of StartSerialServer forgets it
    await server.serve_forever()


def main(way, where):
    context = ModbusServerContext(slaves={1: unit(), 2: unit()}, single=False)
    if way == "serial":
        asyncio.run(serial(context, where))
        return
    framer = ModbusSocketFramer if way == "tcp" else ModbusRtuFramer
    StartTcpServer(context=context, framer=framer, address=("127.0.0.1", int(where)), allow_reuse_address=True)


main(*sys.argv[1:])
