package modbus

import (
	"fmt"
	"os"
	"time"

	"go.bug.st/serial"
)

const defaultBaud = 19200

// serialMode is how a serial port is set.
type serialMode struct {
	baud, stop int
	parity     string
}

// String says how it is set, for people.
func (m serialMode) String() string {
	return fmt.Sprintf("%d baud, %s parity, %d stop", m.baud, m.parity, m.stop)
}

// silence is what separates frames on the line: three and a half characters, and above 19200 baud 1.75 ms, as the
// specification has it. Where there is no serial port it is nothing.
func (m serialMode) silence() time.Duration {
	if m.baud == 0 {
		return 0
	}
	if m.baud > 19200 {
		return 1750 * time.Microsecond
	}
	return 7 * m.character() / 2
}

// character is how long one takes: a start bit, eight of data, parity and stop bits.
func (m serialMode) character() time.Duration {
	bits := 1 + 8 + m.stop
	if m.parity != "none" {
		bits++
	}
	return time.Duration(bits) * time.Second / time.Duration(m.baud)
}

// serialPort is a serial port with a deadline for reads. Writes go to the system's buffer, which holds more than a frame.
type serialPort struct {
	serial.Port
	deadline chan time.Time // holds it
}

// glance is how long a read waits without a look at the deadline, which may have been moved.
const glance = 20 * time.Millisecond

func openSerial(name string, m serialMode) (*serialPort, error) {
	mode := &serial.Mode{BaudRate: m.baud, DataBits: 8, Parity: serial.EvenParity, StopBits: serial.OneStopBit}
	switch m.parity {
	case "odd":
		mode.Parity = serial.OddParity
	case "none":
		mode.Parity = serial.NoParity
	}
	if m.stop == 2 {
		mode.StopBits = serial.TwoStopBits
	}
	p, err := serial.Open(name, mode)
	if err != nil {
		return nil, err
	}
	s := &serialPort{Port: p, deadline: make(chan time.Time, 1)}
	s.deadline <- time.Time{}
	return s, nil
}

// SetDeadline moves the deadline, also of a read that waits; see port.
func (s *serialPort) SetDeadline(at time.Time) error {
	<-s.deadline
	s.deadline <- at
	return nil
}

// Read reads what has come, and waits for the first byte.
func (s *serialPort) Read(to []byte) (int, error) {
	for {
		at := <-s.deadline
		s.deadline <- at
		wait := glance
		if !at.IsZero() {
			wait = min(wait, time.Until(at))
		}
		if wait <= 0 {
			return 0, os.ErrDeadlineExceeded
		}
		if err := s.SetReadTimeout(wait); err != nil {
			return 0, err
		}
		if n, err := s.Port.Read(to); n > 0 || err != nil {
			return n, err
		}
	}
}
