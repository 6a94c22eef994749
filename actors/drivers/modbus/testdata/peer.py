"""Modbus devices by pymodbus, each with 200 bits and registers of every kind, or as many holding registers as are asked for.

peer.py tcp PORT [UNITS [DELAY [REGISTERS]]]      Modbus TCP
peer.py rtu PORT [UNITS [DELAY [REGISTERS]]]      RTU over TCP
peer.py serial PATH [UNITS [DELAY [REGISTERS]]]   RTU on a serial port, 19200 8N1: pseudo terminals have no parity

There are units 1 and 2, or 1 to UNITS; then the others are silent, while without UNITS the converter says that they do not answer.
Holding register n is n at first, input register n is 1000 + n, coil n is off, and discrete input n is on if n is odd.
Each write to holding registers is told on standard output, in the order in which they come: wrote UNIT ADDRESS [VALUES]. Its answer, and
all that comes after it, then waits for DELAY seconds.
"""
import asyncio
import sys
import time

from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.server import StartTcpServer
from pymodbus.server.async_io import ModbusSerialServer
from pymodbus.transaction import ModbusRtuFramer, ModbusSocketFramer


class Told(ModbusSequentialDataBlock):
    """Holding registers whose writes are told."""

    def __init__(self, unit, delay, registers):
        super().__init__(0, list(range(registers)))
        self.unit, self.delay = unit, delay

    def setValues(self, address, values):
        super().setValues(address, values)
        print("wrote", self.unit, address, values if isinstance(values, list) else [values], flush=True)
        time.sleep(self.delay)


def unit(number, delay, registers):
    return ModbusSlaveContext(
        co=ModbusSequentialDataBlock(0, [False] * 200),
        di=ModbusSequentialDataBlock(0, [n % 2 == 1 for n in range(200)]),
        hr=Told(number, delay, registers),
        ir=ModbusSequentialDataBlock(0, [1000 + n for n in range(200)]),
        zero_mode=True,
    )


async def serial(context, port, silent):
    server = ModbusSerialServer(
        context, ModbusRtuFramer, port=port, baudrate=19200, parity="N", stopbits=1, bytesize=8, ignore_missing_slaves=silent)
    await server.start()  # Debian's version of StartSerialServer forgets it
    await server.serve_forever()


def main(way, where, units=None, delay="0", registers="200"):
    context = ModbusServerContext(slaves={n: unit(n, float(delay), int(registers)) for n in range(1, int(units or 2) + 1)}, single=False)
    silent = units is not None
    if way == "serial":
        asyncio.run(serial(context, where, silent))
        return
    framer = ModbusSocketFramer if way == "tcp" else ModbusRtuFramer
    StartTcpServer(
        context=context, framer=framer, address=("127.0.0.1", int(where)), allow_reuse_address=True, ignore_missing_slaves=silent)


main(*sys.argv[1:])
