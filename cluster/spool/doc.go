// Package spool keeps the readings of a gateway on its own disk until the hub has them.
package spool
