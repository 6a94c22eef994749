"""An energy meter of Eastron by pymodbus, with its parameters by the numbers of the manual: 30001 and on, each a float in two input registers.

meter.py sdm120|sdm630 PORT

As the meter does, it gives no more than 30 parameters with one request, and has only the blocks of the manual.
"""
import struct
import sys

from pymodbus.datastore import ModbusServerContext, ModbusSlaveContext, ModbusSparseDataBlock
from pymodbus.server import StartTcpServer

MODELS = {
    "sdm120": {
        30001: 230.5, 30007: 1.25, 30013: -288, 30019: 290, 30025: 12.5, 30031: -0.99, 30071: 50.02, 30073: 1234.5, 30075: 77.25, 30343: 1311.75,
    },
    "sdm630": {
        30001: 231, 30003: 232, 30005: 233, 30007: 1, 30009: 2, 30011: 3, 30013: 231, 30015: 464, 30017: 699, 30031: 0.91, 30033: 0.92, 30035: 0.93,
        30049: 6, 30053: 1394, 30057: 1500, 30061: 150, 30063: 0.92, 30071: 49.98, 30073: 5000.5, 30075: 1.5, 30201: 400, 30203: 401, 30205: 402,
        30225: 0.25, 30343: 5002,
    },
}


class Meter(ModbusSlaveContext):
    def validate(self, fc_as_hex, address, count=1):
        if count > 60:
            print("too many registers:", count, flush=True)
            return False
        return super().validate(fc_as_hex, address, count)


def registers(parameters):
    values = {}
    for number, value in parameters.items():
        high, low = struct.unpack(">HH", struct.pack(">f", value))
        values[number - 30001] = high
        values[number - 30000] = low
    return values


def main(model, port):
    empty = ModbusSparseDataBlock({65535: 0})
    unit = Meter(ir=ModbusSparseDataBlock(registers(MODELS[model])), hr=empty, co=empty, di=empty, zero_mode=True)
    StartTcpServer(context=ModbusServerContext(slaves={1: unit}, single=False), address=("127.0.0.1", int(port)), allow_reuse_address=True)


main(*sys.argv[1:])
