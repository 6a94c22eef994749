package frame

import "fmt"

// Function is what a request asks for.
type Function byte

// The functions that are known here.
const (
	ReadCoils            Function = 1
	ReadDiscreteInputs   Function = 2
	ReadHoldingRegisters Function = 3
	ReadInputRegisters   Function = 4
	WriteCoil            Function = 5
	WriteRegister        Function = 6
	WriteCoils           Function = 15
	WriteRegisters       Function = 16
	MaskWriteRegister    Function = 22
	ReadWriteRegisters   Function = 23
	ReadIdentification   Function = 43

	// failed is added to the function of a request that a server refuses.
	failed Function = 0x80
)

const (
	maxPDU        = 253 // bytes of function and data
	lastAddress   = 0xFFFF
	registerBytes = 2

	maxReadBits           = 2000
	maxReadRegisters      = 125
	maxWriteBits          = 1968
	maxWriteRegisters     = 123
	maxReadWriteRegisters = 121 // that are written, beside those that are read

	coilOn, coilOff uint16 = 0xFF00, 0
)

// String names it as the specification does.
func (f Function) String() string {
	switch f {
	case ReadCoils:
		return "read coils"
	case ReadDiscreteInputs:
		return "read discrete inputs"
	case ReadHoldingRegisters:
		return "read holding registers"
	case ReadInputRegisters:
		return "read input registers"
	case WriteCoil:
		return "write single coil"
	case WriteRegister:
		return "write single register"
	case WriteCoils:
		return "write multiple coils"
	case WriteRegisters:
		return "write multiple registers"
	case MaskWriteRegister:
		return "mask write register"
	case ReadWriteRegisters:
		return "read/write multiple registers"
	case ReadIdentification:
		return "read device identification"
	}
	return fmt.Sprintf("function %d", byte(f))
}

// bits reports whether a function is about single bits.
func (f Function) bits() bool {
	return f == ReadCoils || f == ReadDiscreteInputs || f == WriteCoil || f == WriteCoils
}

// most returns how many values a request may read and write.
func (f Function) most() (read, write int) {
	switch f {
	case ReadCoils, ReadDiscreteInputs:
		return maxReadBits, 0
	case ReadHoldingRegisters, ReadInputRegisters:
		return maxReadRegisters, 0
	case WriteCoil, WriteRegister, MaskWriteRegister:
		return 0, 1
	case WriteCoils:
		return 0, maxWriteBits
	case WriteRegisters:
		return 0, maxWriteRegisters
	case ReadWriteRegisters:
		return maxReadRegisters, maxReadWriteRegisters
	}
	return 0, 0
}

// Reads reports whether a function changes nothing at the server.
func (f Function) Reads() bool {
	read, write := f.most()
	return f == ReadIdentification || read > 0 && write == 0
}
