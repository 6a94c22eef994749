package main

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
)

// dataFolder returns the folder that was asked for, or one of this user's for programs to keep
// their state in.
func dataFolder(asked string, getenv func(string) string) (string, error) {
	if asked != "" {
		return filepath.Abs(asked)
	}
	none := errors.New("there is no folder of this user to keep data in: say which with --data")
	switch runtime.GOOS {
	case "darwin", "windows":
		folder, err := stateFolder()
		if err != nil {
			return "", none
		}
		return filepath.Join(folder, "roost"), nil
	}
	if state := getenv("XDG_STATE_HOME"); filepath.IsAbs(state) {
		return filepath.Join(state, "roost"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", none
	}
	return filepath.Join(home, ".local", "state", "roost"), nil
}

// hubFolder is dataFolder for a hub that runs by itself: a folder beside the one of roost up, and
// one for each hub of a cluster, so that several of them run on one machine.
func hubFolder(asked, cluster, route string, getenv func(string) string) (string, error) {
	folder, err := dataFolder(asked, getenv)
	if asked != "" || err != nil {
		return folder, err
	}
	if cluster == "" {
		return folder + "-hub", nil
	}
	_, port, _ := net.SplitHostPort(route) // one that is none is refused when the hub opens
	return folder + "-hub-" + cluster + "-" + port, nil
}

// stateFolder is where programs keep what belongs to this machine: ~/Library/Application Support, or
// the local AppData.
func stateFolder() (string, error) {
	if runtime.GOOS == "windows" {
		return os.UserCacheDir()
	}
	return os.UserConfigDir()
}

// gatewayFolder is where a gateway keeps what is its own, below a data folder that it may share
// with a hub and other gateways.
func gatewayFolder(data, id string) string { return filepath.Join(data, "gateway-"+id) }
