package mqtt

import (
	"runtime"
	"sync"

	paho "github.com/eclipse/paho.mqtt.golang"
	"github.com/eclipse/paho.mqtt.golang/packets"
)

// acks are acknowledgements that wait to be sent. Sending can take as long as the broker takes nothing, which those who have stored a
// reading need not wait for. They are sent past the library, which would write each by itself.
type acks struct {
	mu   sync.Mutex
	due  []byte // as they are on the wire
	wake chan struct{}
}

// add acknowledges a message of QoS 1 or 2, when send is called. What else QoS 2 takes, the library does.
func (a *acks) add(qos byte, id uint16) {
	kind := byte(packetPuback)
	if qos == 2 {
		kind = packetPubrec
	}
	a.mu.Lock()
	a.due = append(a.due, kind<<4, 2, byte(id>>8), byte(id))
	a.mu.Unlock()
}

func (a *acks) send() { signal(a.wake) }

// run sends acknowledgements until the link is lost.
func (a *acks) run(to *guard, lost <-chan struct{}) {
	var sent []byte
	for {
		select {
		case <-a.wake:
		case <-lost:
			return
		}
		runtime.Gosched() // those who are about to have something stored first: a write costs more than many acknowledgements
		a.mu.Lock()
		sent, a.due = a.due, sent[:0]
		a.mu.Unlock()
		if _, err := to.Write(sent); err != nil {
			return // the link ends with the connection
		}
	}
}

// forgetful is what the library keeps messages in, to send them again or to take them but once: nothing is kept.
type forgetful struct{}

var _ paho.Store = forgetful{}

func (forgetful) Open()                             {}
func (forgetful) Put(string, packets.ControlPacket) {}
func (forgetful) Get(string) packets.ControlPacket  { return nil }
func (forgetful) All() []string                     { return nil }
func (forgetful) Del(string)                        {}
func (forgetful) Close()                            {}
func (forgetful) Reset()                            {}
