// Package livetest gives tests a terminal, on Linux.
package livetest
