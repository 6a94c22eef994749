//go:build race

package main_test

// slowdown is how many times longer than promised things may take: all processes of these tests
// run under the race detector too.
const slowdown = 4
