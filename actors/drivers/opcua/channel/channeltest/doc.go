// Package channeltest is an OPC UA server for tests, without security, that says what a test tells it to: also what no server should. It greets,
// exchanges keys and lets everybody in by itself; a test answers what it wants to.
package channeltest
