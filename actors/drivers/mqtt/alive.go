package mqtt

import (
	"sync/atomic"
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// answerTimeout is how long a broker may take to answer whether it is there, if keepalive is no shorter.
const answerTimeout = 5 * time.Second

// alive knows whether anything comes from a broker. The library knows it too, but takes a broker for dead that is not read, since
// a device holds it back.
type alive struct {
	heard atomic.Int64 // when something came, or was read to its end: nanoseconds since began
	began time.Time
	busy  atomic.Bool // what has come is being given to devices, and nothing is read meanwhile
}

func (a *alive) hear() { a.heard.Store(int64(time.Since(a.began))) }

func (a *alive) silence() time.Duration { return time.Since(a.began) - time.Duration(a.heard.Load()) }

// ask asks the broker from time to time whether it is there, and ends the link when nothing comes. It returns when the link is lost.
func (l *link) ask(keepalive time.Duration) {
	patience := keepalive + min(keepalive, answerTimeout)
	tick := time.NewTicker(keepalive / 4)
	defer tick.Stop()
	for asked := time.Now(); ; {
		select {
		case <-l.lost:
			return
		case <-tick.C:
		}
		silence := l.alive.silence()
		if silence > patience && !l.alive.busy.Load() {
			err := roostv1.Errorf(roostv1.ErrOffline, "%s has said nothing for %v", l.name, silence.Round(time.Millisecond))
			l.end(err)
			l.conn.cut(err)
			return
		}
		if time.Since(asked) >= keepalive/2 && (silence >= keepalive/2 || l.alive.busy.Load()) {
			asked = time.Now()
			_, _ = l.conn.Write([]byte{packetPingreq << 4, 0}) // an error has ended the connection
		}
	}
}
