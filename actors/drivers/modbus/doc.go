// Package modbus is the driver of Modbus devices: over TCP, on a serial line, and on a serial line behind a converter that
// passes on over TCP what it gets (RTU over TCP).
//
// # Address
//
//	key      default  meaning
//	tcp               host:port of a device or a converter that speaks Modbus TCP
//	rtu               host:port of a converter that passes on bytes
//	serial            a serial port: /dev/ttyUSB0, COM3
//	unit     1        the device behind it: 0 to 255 over TCP, 1 to 247 else
//	baud     19200    of the serial port
//	parity   even     of the serial port: even, odd or none
//	stop              stop bits, 1 or 2; 1 with parity and 2 without, as the specification has it
//	pause    0s       how long the line rests between an answer and the next request, at most 1s; on a serial port at least
//	                  the silence of the specification
//	gap      0        how many registers that nobody asked for may be read along, to read two neighbours at once
//	most     125      how many registers may be read at once; some devices take less
//	reply    1s       how long an answer may take; one more millisecond may pass until that is seen
//
// One of tcp, rtu and serial is needed. Devices that name the same one share it, and one request is on its way at a time. They should
// also be on one bus, so that one gateway serves them all and their turns are fair.
//
// # Resources
//
// What a resource is shows in the entries of its protocol:
//
//	key       default  meaning
//	table     holding  coil, discrete, holding or input
//	address            0 to 65535, as it is on the wire; 0x10 is 16. Needed. Manuals that count from 1, or from 40001, have one more
//	encoding           of registers: uint16, int16, uint32, int32, uint64, int64, float32, float64, text, bytes; for a BOOL none.
//	                   Without it INT is int16, STRING is text, BYTES is bytes, and all else is uint16
//	order     ABCD     of the bytes: ABCD, CDAB (words swapped), BADC (bytes swapped), DCBA; of 8 bytes likewise
//	scale     1        a DOUBLE is what is read, times scale,
//	offset    0        plus offset
//	bit                0 to 15: which bit of the register a BOOL is
//	length             how many registers text and bytes have
//	write     auto     how it is written: single or multiple for functions 5 and 6 or 15 and 16; auto takes single where it fits.
//	                   A bit of a register is written with function 22, so that its neighbours stay what they are
//
// Text ends at its first zero byte, and without trailing spaces. What is no UTF-8, or a float that is no number, is a reading
// of BAD quality.
//
// # Bad readings
//
// A reading that is BAD since the device refused has its exception as the vendor code, which roost readings shows: "not connected, code 2" is
// a register that the device does not have. A comm failure has none: nothing came that was an answer.
//
// # Promises
//
//   - Contexts are kept. A call ends with its context, or when the device has not answered in time.
//   - ErrNotSent means that no byte of the action was given to the kernel. ErrRefused means that the device said no, and did
//     nothing. All else is unknown: also the exceptions that say that a device failed on its way, or that a converter heard
//     nothing of it. Nothing is sent twice.
//   - A connection that the device has ended while it was idle is found out before a request goes out on it, and another is made.
//   - An answer counts only if it can be the answer: over TCP with the request's transaction id, else from the same unit, with a
//     right checksum; with the same function, and as many values as were asked for.
//   - A value that does not fit its encoding is not sent.
//   - The next request of a poll goes out when the answer before has come, after pause, and what came is decoded while the device works. A
//     sample's time is that of its answer.
//
// # What is not promised
//
// A serial line has no numbers for requests. An answer that comes after its time is thrown away before the next request; one that
// comes still later, while the answer to the same question of the same device is waited for, is taken for that. Let reply be longer than the
// slowest device.
//
// Registers that belong together (the two of a float) are read in one request, but a device may change them between two of its own steps.
//
// # Concurrency
//
// A [Driver] may be used by any number of goroutines, and so may its sessions. It has no goroutines.
package modbus
