"""Three Modbus units by pymodbus: 1 and 5 with holding registers, 7 with input registers only; they say what they are.

line.py tcp PORT      Modbus TCP
line.py rtu PORT      RTU over TCP
line.py serial PATH   RTU on a serial port, 19200 8N1: pseudo terminals have no parity

Each request that comes is printed: unit and function.
"""
import asyncio
import sys

from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext, ModbusSparseDataBlock
from pymodbus.device import ModbusDeviceIdentification
from pymodbus.server import StartTcpServer
from pymodbus.server.async_io import ModbusSerialServer
from pymodbus.transaction import ModbusRtuFramer, ModbusSocketFramer


class Told(ModbusSlaveContext):
    def __init__(self, unit, **blocks):
        super().__init__(zero_mode=True, **blocks)
        self.unit = unit

    def validate(self, fc_as_hex, address, count=1):
        print("asked", self.unit, fc_as_hex, flush=True)
        return super().validate(fc_as_hex, address, count)


def unit(number):
    empty = ModbusSparseDataBlock({9999: 0})
    registers = ModbusSequentialDataBlock(0, [100 + number] * 10)
    kinds = {"hr": empty, "ir": registers} if number == 7 else {"hr": registers, "ir": empty}
    return Told(number, co=empty, di=empty, **kinds)


async def serial(context, identity, port):
    server = ModbusSerialServer(context, ModbusRtuFramer, identity=identity, port=port, baudrate=19200, parity="N", stopbits=1, bytesize=8)
    await server.start()  # Debian's version of StartSerialServer forgets it
    print("listening", flush=True)
    await server.serve_forever()


def main(way, where):
    context = ModbusServerContext(slaves={n: unit(n) for n in (1, 5, 7)}, single=False)
    identity = ModbusDeviceIdentification(info_name={
        "VendorName": "Pymodbus", "ProductCode": "PM", "MajorMinorRevision": "3.0", "ModelName": "Line of three",
    })
    if way == "serial":
        asyncio.run(serial(context, identity, where))
        return
    framer = ModbusSocketFramer if way == "tcp" else ModbusRtuFramer
    StartTcpServer(context=context, identity=identity, framer=framer, address=("127.0.0.1", int(where)), allow_reuse_address=True)


main(*sys.argv[1:])
