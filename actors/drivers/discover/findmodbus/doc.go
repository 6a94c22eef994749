// Package findmodbus looks for Modbus devices, over TCP and on serial lines.
//
// On each line the units are asked one after the other, with a rest between: first for one register, since even a device that has none there answers
// with an exception, and then, if something has answered, what it says of itself (function 43/14, device identification). Converters say by exceptions 10
// and 11 that there is nobody; of who says nothing nobody knows. A device that answers whatever the unit is one device: it
// is told by a unit that nobody would use.
//
// Only functions that read are sent: see modbus.Probe.
package findmodbus
