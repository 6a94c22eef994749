package peertest_test

func leave(string) {} // there are no groups
