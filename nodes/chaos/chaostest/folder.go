package chaostest

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/roost-iot/roost/nodes/chaos/history"
	chaos "github.com/roost-iot/roost/nodes/chaos/run"
)

// RunFolder makes a folder look like that of a run in which nothing but these records was written down.
func RunFolder(folder string, records ...history.Record) error {
	for _, path := range []string{"history", "nodes"} {
		if err := os.Mkdir(filepath.Join(folder, path), 0o755); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(folder, "nodes", "truth.log"), nil, 0o600); err != nil {
		return err
	}
	if err := (&chaos.Report{Schema: chaos.Schema}).Write(folder); err != nil {
		return err
	}
	w, err := history.Create(filepath.Join(folder, "history", "run.ndjson"), history.Header{Name: "run"})
	if err != nil {
		return err
	}
	for _, r := range records {
		err = errors.Join(err, w.Write(r))
	}
	return errors.Join(err, w.Close())
}

// TwoOwners are records that break a promise: an epoch has two owners.
func TwoOwners() []history.Record {
	return []history.Record{
		&history.Grant{Bus: "b", Epoch: 7, Peer: history.Peer{Gateway: "gw-1", Incarnation: "a"}},
		&history.Grant{Bus: "b", Epoch: 7, Peer: history.Peer{Gateway: "gw-2", Incarnation: "b"}},
	}
}
