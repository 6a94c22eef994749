// Package durable writes files that survive a power cut: whoever reads one afterwards finds the old content or the new one,
// and never half of it.
//
// A file is written beside its place, synced, and renamed into it. The name is durable when the folder is synced too:
// [Write] does both, and whoever replaces many files at once calls [Replace] for each, and [SyncFolder] once.
//
// The functions may be called at the same time for different files. For the same file they must not.
package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// unfinished begins the names of files that are being written.
const unfinished = ".new-"

// Write replaces a file, and returns when that is on disk. What was there stays if it fails.
func Write(path string, content []byte, perm fs.FileMode) error {
	if err := Replace(path, content, perm); err != nil {
		return err
	}
	return SyncFolder(filepath.Dir(path))
}

// Replace puts a new file in the place of path. Its content is on disk then; that it is in its place is durable once
// [SyncFolder] has returned for its folder. What was there stays if it fails.
func Replace(path string, content []byte, perm fs.FileMode) error {
	beside := filepath.Join(filepath.Dir(path), unfinished+filepath.Base(path))
	err := Fill(beside, content, perm)
	if err == nil {
		err = os.Rename(beside, path)
	}
	if err != nil {
		_ = os.Remove(beside) // what is left of it is nothing
	}
	return err
}

// Fill writes a file in its place and syncs it: for what is of no use until something else is durable too.
func Fill(path string, content []byte, perm fs.FileMode) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, perm)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// Unfinished reports whether name, without its folder, is of a file that was being written: what a process has left of it
// is nothing.
func Unfinished(name string) bool { return strings.HasPrefix(name, unfinished) }

// SyncFolder makes durable what was renamed into a folder, or removed from it. Where the system or the file system cannot
// sync a folder, it does nothing.
func SyncFolder(path string) error {
	if runtime.GOOS == "windows" { // it refuses to sync folders, and journals names by itself
		return nil
	}
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	err = folder.Sync()
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EINVAL) {
		err = nil // this file system has no such thing
	}
	return errors.Join(err, folder.Close())
}

// SyncTree has all that is in a folder, and in those below it, on disk when it returns.
func SyncTree(path string) error {
	return filepath.WalkDir(path, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			return SyncFolder(path)
		}
		file, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		return errors.Join(file.Sync(), file.Close())
	})
}
