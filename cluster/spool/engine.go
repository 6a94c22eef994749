package spool

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/durable"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	streamName = "SPOOL"
	subjects   = "spool.*.*" // device, epoch
	// startWait bounds the start of a server that is otherwise ready at once. Recovering what
	// it holds comes before.
	startWait = 5 * time.Second
	// askTimeout bounds each question to the embedded server.
	askTimeout = 5 * time.Second
	// duplicates is for how long the server knows the ids of what it stored: each costs some 200 bytes. Who stores
	// asks the stream anyway where an outcome is in doubt.
	duplicates = 2 * time.Second
)

// engine is one run of the embedded server, with what stores in it. When its disk fails it is of no more use:
// the next one begins where it ended.
type engine struct {
	server *server.Server
	nc     *nats.Conn
	js     jetstream.JetStream
	stream jetstream.Stream
	store  *cluster.Readings
	pages  *pager // each for one goroutine
	back   *pager
	peeks  *pager
	made   int64 // when the stream was made
}

// startEngine starts the server on what is in the folder.
func startEngine(ctx context.Context, c Config, store string, stored func(*roostv1.ReadingBatch, uint64)) (*engine, error) {
	s, err := server.NewServer(options(c, store))
	if err != nil {
		return nil, err
	}
	log := &serverLog{logger: c.Logger}
	s.SetLoggerV2(log, false, false, false)
	s.Start()
	e := &engine{server: s}
	if err := e.open(ctx, store, stored, log); err != nil {
		e.close()
		return nil, err
	}
	return e, nil
}

func options(c Config, store string) *server.Options {
	return &server.Options{
		ServerName:             "spool-" + c.Gateway,
		DontListen:             true,
		NoSigs:                 true,
		JetStream:              true,
		StoreDir:               store,
		SyncAlways:             true, // an acknowledgement means that it is on disk
		JetStreamMaxMemory:     8 << 20,
		JetStreamMaxStore:      c.MaxBytes + c.MaxBytes/4 + 64<<20, // the spool itself keeps to its bound
		DisableJetStreamBanner: true,
		MaxPayload:             1 << 20,
		WriteDeadline:          10 * time.Second,
	}
}

func (e *engine) open(ctx context.Context, folder string, stored func(*roostv1.ReadingBatch, uint64), log *serverLog) error {
	if message := log.fatal.Load(); message != nil {
		return errors.New(*message)
	}
	if !e.server.JetStreamEnabled() || !e.server.ReadyForConnections(startWait) {
		return errors.New("the embedded server does not serve")
	}
	var err error
	if e.nc, err = nats.Connect("", nats.InProcessServer(e.server), nats.Name("spool"), nats.NoReconnect(), nats.NoCallbacksAfterClientClose()); err != nil {
		return fmt.Errorf("connect to the embedded server: %w", err)
	}
	if e.js, err = jetstream.New(e.nc, jetstream.WithDefaultTimeout(askTimeout)); err != nil {
		return err
	}
	e.stream, err = e.js.Stream(ctx, streamName)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		if e.stream, err = e.js.CreateStream(ctx, streamConfig()); err == nil {
			err = durable.SyncTree(folder) // the server does not: a power cut would leave no stream
		}
	}
	if err != nil {
		return fmt.Errorf("open the stream: %w", err)
	}
	e.made = e.stream.CachedInfo().Created.UnixNano()
	e.store = cluster.NewReadingsAt(e.nc, streamName, subjectOf, stored, nil)
	for _, p := range []**pager{&e.pages, &e.back, &e.peeks} {
		if *p, err = newPager(e.nc); err != nil {
			return err
		}
	}
	return nil
}

// streamConfig has no bounds of age: a wall clock that jumps by decades must not wipe anything.
func streamConfig() jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: streamName, Subjects: []string{subjects}, Storage: jetstream.FileStorage,
		Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardNew,
		AllowDirect: true, AllowAtomicPublish: true, Duplicates: duplicates, Replicas: 1,
	}
}

// subjectOf has the epoch in it, so that the last message of a subject tells how far the device came under that.
func subjectOf(b *roostv1.ReadingBatch) string {
	return "spool." + b.DeviceId + "." + strconv.FormatUint(b.Epoch, 10)
}

// state asks for the stream's state.
func (e *engine) state(ctx context.Context) (jetstream.StreamState, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	info, err := e.stream.Info(ctx)
	if err != nil {
		return jetstream.StreamState{}, err
	}
	return info.State, nil
}

// purge removes all messages up to a sequence.
func (e *engine) purge(ctx context.Context, through uint64) error {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	return e.stream.Purge(ctx, jetstream.WithPurgeSequence(through+1))
}

// flaw says what keeps the server from storing; empty if there is nothing. It may be wrong once on a machine that
// is very busy, but not again and again.
func (e *engine) flaw() (flaw string, certain bool) {
	if !e.server.JetStreamEnabled() { // it disables itself when its disk is full
		return "the embedded server has given up on its disk", true
	}
	flaw = e.server.Healthz(nil).Error
	return flaw, strings.Contains(flaw, "write error: ")
}

// close ends the server and returns when it has ended.
func (e *engine) close() {
	if e.nc != nil {
		e.nc.Close()
	}
	e.server.Shutdown()
	e.server.WaitForShutdown()
}
