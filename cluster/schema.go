package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// ReadingsDedup is how long the hub remembers the ids of stored readings. It only has to
// cover a batch that is sent again while its first sending is still on its way: what is
// tried again later is looked for in the stream first. It is short since the hub
// keeps some 200 bytes of memory for every id in it, on each of its servers.
const ReadingsDedup = 30 * time.Second

// rewriteWindow is how long the hub remembers the ids of what is written about commands: a copy that was held up on
// its way, and comes when a later record is stored, is then none. That is longer than a server that was stopped
// keeps its links.
const rewriteWindow = time.Minute

// minCommandDedup is the least that ended commands may be kept: the history stream has to have read them, also
// after an election or two.
const minCommandDedup = time.Minute

// Schema is what a fleet's streams look like. The zero value is right for every hub.
type Schema struct {
	Replicas         int           // servers that hold each stream; default: 3 where the hub is a cluster, else 1
	ReadingsMaxAge   time.Duration // readings older than this go; default 7 days
	ReadingsMaxBytes int64         // beyond this the oldest readings go; default 1 GiB
	CommandDedup     time.Duration // for so long after a command's end its id means that command; default 1 h, at least 1 min
	HistoryMaxAge    time.Duration // commands whose last change is older go from the history; default 30 days
	HistoryMaxBytes  int64         // beyond this the oldest go; default 1 GiB
}

func (s Schema) withDefaults(hubServers int) Schema {
	s.Replicas = cmp.Or(s.Replicas, hubServers)
	s.ReadingsMaxAge = cmp.Or(s.ReadingsMaxAge, 7*24*time.Hour)
	s.ReadingsMaxBytes = cmp.Or(s.ReadingsMaxBytes, 1<<30)
	s.CommandDedup = s.commandDedup()
	s.HistoryMaxAge = cmp.Or(s.HistoryMaxAge, 30*24*time.Hour)
	s.HistoryMaxBytes = cmp.Or(s.HistoryMaxBytes, 1<<30)
	return s
}

// commandDedup is how long the record of a command that has ended is kept in the control stream.
func (s Schema) commandDedup() time.Duration { return cmp.Or(s.CommandDedup, time.Hour) }

// check refuses what would break a promise.
func (s Schema) check() error {
	if dedup := s.commandDedup(); dedup < minCommandDedup {
		return roostv1.Errorf(roostv1.ErrInvalid, "schema: CommandDedup is %v, must be at least %v", dedup, minCommandDedup)
	}
	return nil
}

// control is the stream in which the order of all decisions is kept. It answers no
// direct gets, since any replica could answer those, out of date. It leaves no delete
// markers: nothing is deleted, and a marker that expires can bring back what it covered. It takes no
// rollups: whoever may write one record could have the hub erase all others with it.
func (s Schema) control(names Subjects) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:               names.ControlStream(),
		Description:        "Roost: registry, members, owners and commands of fleet " + names.Fleet(),
		Subjects:           names.controlSubjects(),
		Storage:            jetstream.FileStorage,
		Replicas:           s.Replicas,
		MaxMsgsPerSubject:  1,
		DenyDelete:         true,
		AllowMsgTTL:        true,
		AllowAtomicPublish: true,
		Duplicates:         rewriteWindow,
	}
}

// commands is the history of commands, which the hub itself copies from the control stream, within milliseconds.
// Since per-message TTLs are not allowed in it, what expires there stays here. It has the last record of each
// command: that tells its whole story. On one server it is not synced for each record, so that copying does not
// hold up the next write: what a crash costs it, it copies again, as long as the control stream keeps an end.
func (s Schema) commands(names Subjects) jetstream.StreamConfig {
	persist := jetstream.DefaultPersistMode
	if s.Replicas == 1 {
		persist = jetstream.AsyncPersistMode
	}
	return jetstream.StreamConfig{
		PersistMode:       persist,
		Name:              names.CommandsStream(),
		Description:       "Roost: history of the commands of fleet " + names.Fleet(),
		Sources:           []*jetstream.StreamSource{{Name: names.ControlStream(), FilterSubject: names.root + "cmd.>"}},
		Storage:           jetstream.FileStorage,
		Replicas:          s.Replicas,
		MaxMsgsPerSubject: 1,
		Discard:           jetstream.DiscardOld,
		MaxAge:            s.HistoryMaxAge,
		MaxBytes:          s.HistoryMaxBytes,
	}
}

func (s Schema) readings(names Subjects) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:               names.ReadingsStream(),
		Description:        "Roost: readings of fleet " + names.Fleet(),
		Subjects:           names.readingSubjects(),
		Storage:            jetstream.FileStorage,
		Replicas:           s.Replicas,
		Discard:            jetstream.DiscardOld,
		MaxAge:             s.ReadingsMaxAge,
		MaxBytes:           s.ReadingsMaxBytes,
		Duplicates:         min(ReadingsDedup, s.ReadingsMaxAge),
		AllowAtomicPublish: true,
	}
}

// Ensure creates the streams of a fleet where they are missing, and checks those that are
// there. A stream whose settings break a promise of Roost is refused with ErrConflict, by its
// name and setting; other differences, as of replicas or retention, are the operator's choice and
// are left alone. So is a hub whose own settings would; see checkHub. A hub that has not
// enough servers yet to hold the streams is ErrUnavailable, as one that is away.
func (s Schema) Ensure(ctx context.Context, nc *nats.Conn, names Subjects) error {
	ctx, cancel := whileConnected(ctx, nc)
	defer cancel()
	servers, err := checkHub(nc)
	if err != nil {
		return err
	}
	js, err := jetstream.New(nc)
	if err != nil {
		return fmt.Errorf("use JetStream: %w", err)
	}
	if err := s.check(); err != nil {
		return err
	}
	s = s.withDefaults(servers)
	for _, want := range s.streams(names) {
		if err := ensureStream(ctx, js, want); err != nil {
			return fmt.Errorf("stream %s: %w", want.Name, err)
		}
	}
	return nil
}

// wantedStream is a stream as it is to be made, and what finds out what is wrong with one that is there.
type wantedStream struct {
	jetstream.StreamConfig
	flaws func(got, want jetstream.StreamConfig) []Flaw
}

// streams are those of a fleet.
func (s Schema) streams(names Subjects) []wantedStream {
	return []wantedStream{
		{s.control(names), controlFlaws},
		{s.readings(names), readingsFlaws},
		{s.commands(names), historyFlaws},
	}
}

func ensureStream(ctx context.Context, js jetstream.JetStream, want wantedStream) error {
	stream, err := js.Stream(ctx, want.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		stream, err = js.CreateStream(ctx, want.StreamConfig)
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) { // somebody was faster
			stream, err = js.Stream(ctx, want.Name)
		}
	}
	if err != nil {
		return schemaError(ctx, want.StreamConfig, err)
	}
	if stream, err = closeRollups(ctx, js, stream, want); err != nil {
		return schemaError(ctx, want.StreamConfig, err)
	}
	if flaws := want.flaws(stream.CachedInfo().Config, want.StreamConfig); len(flaws) > 0 {
		return roostv1.Errorf(roostv1.ErrConflict, "its settings break what Roost relies on: %s", joinFlaws(flaws))
	}
	return nil
}

// closeRollups has a control stream that an earlier Roost made take no rollups any more. Nothing that is stored changes.
func closeRollups(ctx context.Context, js jetstream.JetStream, stream jetstream.Stream, want wantedStream) (jetstream.Stream, error) {
	config := stream.CachedInfo().Config
	if !config.AllowRollup || !want.AllowMsgTTL { // only the control stream has expiring records
		return stream, nil
	}
	config.AllowRollup = false
	return js.UpdateStream(ctx, config)
}

// commonFlaws lists the settings that would break a promise in any of the streams.
func commonFlaws(got, want jetstream.StreamConfig) []Flaw {
	subjects := slices.Sorted(slices.Values(got.Subjects))
	return wrong(
		setting{"subjects", slices.Equal(subjects, slices.Sorted(slices.Values(want.Subjects))), subjects, want.Subjects},
		setting{"storage", got.Storage == want.Storage, got.Storage, want.Storage},
		setting{"retention", got.Retention == jetstream.LimitsPolicy, got.Retention, jetstream.LimitsPolicy},
		setting{"allow_direct", !got.AllowDirect, got.AllowDirect, false},
		setting{"sealed", !got.Sealed, got.Sealed, false},
		setting{"mirror", got.Mirror == nil, "set", "unset"},
		setting{"subject_transform", got.SubjectTransform == nil, "set", "unset"},
	)
}

// writtenFlaws are about what would let a write to a stream fail, or count for more than it is.
func writtenFlaws(got, want jetstream.StreamConfig) []Flaw {
	return append(commonFlaws(got, want), wrong(
		setting{"allow_atomic", got.AllowAtomicPublish, got.AllowAtomicPublish, true},
		setting{"no_ack", !got.NoAck, got.NoAck, false},
		setting{"persist_mode", got.PersistMode == jetstream.DefaultPersistMode, got.PersistMode, jetstream.DefaultPersistMode},
		setting{"sources", len(got.Sources) == 0, "set", "unset"},
		setting{"duplicate_window", got.Duplicates >= want.Duplicates, got.Duplicates, fmt.Sprintf("at least %v", want.Duplicates)},
	)...)
}

func readingsFlaws(got, want jetstream.StreamConfig) []Flaw { return writtenFlaws(got, want) }

// historyFlaws are about what would keep a command out of the history, or let it go too early.
func historyFlaws(got, want jetstream.StreamConfig) []Flaw {
	source := len(got.Sources) == 1 && got.Sources[0].Name == want.Sources[0].Name &&
		got.Sources[0].FilterSubject == want.Sources[0].FilterSubject && len(got.Sources[0].SubjectTransforms) == 0 &&
		got.Sources[0].External == nil && got.Sources[0].OptStartSeq == 0 && got.Sources[0].OptStartTime == nil
	return append(commonFlaws(got, want), wrong( // whatever its persist_mode is
		setting{"sources", source, "another", fmt.Sprintf("%s from %s", want.Sources[0].FilterSubject, want.Sources[0].Name)},
		setting{"max_msgs_per_subject", got.MaxMsgsPerSubject == 1, got.MaxMsgsPerSubject, 1},
		setting{"discard", got.Discard == jetstream.DiscardOld, got.Discard, jetstream.DiscardOld},
		setting{"allow_msg_ttl", !got.AllowMsgTTL, got.AllowMsgTTL, false},
		setting{"allow_rollup_hdrs", !got.AllowRollup, got.AllowRollup, false},
	)...)
}

// controlFlaws are about what would let a record of the control stream go.
func controlFlaws(got, want jetstream.StreamConfig) []Flaw {
	return append(writtenFlaws(got, want), wrong(
		setting{"max_msgs_per_subject", got.MaxMsgsPerSubject == 1, got.MaxMsgsPerSubject, 1},
		setting{"max_msgs", got.MaxMsgs <= 0, got.MaxMsgs, "unlimited"},
		setting{"max_bytes", got.MaxBytes <= 0, got.MaxBytes, "unlimited"},
		setting{"max_age", got.MaxAge == 0, got.MaxAge, "unlimited"},
		setting{"deny_delete", got.DenyDelete, got.DenyDelete, true},
		setting{"allow_rollup_hdrs", !got.AllowRollup, got.AllowRollup, false},
		setting{"allow_msg_ttl", got.AllowMsgTTL, got.AllowMsgTTL, true},
		setting{"subject_delete_marker_ttl", got.SubjectDeleteMarkerTTL == 0, got.SubjectDeleteMarkerTTL, "unset"},
	)...)
}
