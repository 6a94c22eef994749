//go:build !race

package main_test

// slowdown is how many times longer than promised things may take.
const slowdown = 1
