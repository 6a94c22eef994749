// Package host is the driver of the machine that a gateway runs on: its real
// sensors, read through gopsutil.
//
//	device "host" --Poll--> session --one look--> /proc, /sys, system calls
//	                           `- keeps, for each rate, the counters it saw last
//
// # Sensors
//
// A resource of a profile is the sensor of the same name, or the one that its
// protocol entry "sensor" names. [Profile] returns a profile with what is there on
// this machine.
//
//	sensor                unit  type    what
//	cpu.used              %     DOUBLE  use of all cores together since the last poll
//	cpu.N.used            %     DOUBLE  use of core N, from 0
//	load.1 .5 .15         1     DOUBLE  load average over so many minutes
//	mem.total             By    UINT    memory of the machine
//	mem.used              By    UINT    memory in use, caches not counted
//	mem.available         By    UINT    memory that programs can still get
//	mem.used_percent      %     DOUBLE  mem.used of mem.total
//	swap.total            By    UINT    swap space
//	swap.used             By    UINT    swap space in use
//	swap.used_percent     %     DOUBLE  swap.used of swap.total
//	disk.total            By    UINT    size of the file system that holds the path
//	disk.used             By    UINT    what is in use of it
//	disk.used_percent     %     DOUBLE  the same as a part of what users can get
//	disk.read             By/s  DOUBLE  rate of reading, all disks together
//	disk.written          By/s  DOUBLE  rate of writing
//	disk.NAME.read        By/s  DOUBLE  the same of one disk or partition
//	disk.NAME.written     By/s  DOUBLE
//	net.received          By/s  DOUBLE  rate of all interfaces but loopback
//	net.sent              By/s  DOUBLE
//	net.NAME.received     By/s  DOUBLE  the same of one interface
//	net.NAME.sent         By/s  DOUBLE
//	uptime                s     UINT    time since the machine started
//	processes             1     UINT    number of processes
//	temp.max              Cel   DOUBLE  the hottest of all temperatures
//	temp.NAME             Cel   DOUBLE  the temperature of that name
//	battery.charge        %     DOUBLE  charge of the first battery (Linux)
//	battery.charging      -     BOOL    whether it is being charged (Linux)
//
// In a NAME, what a resource's name cannot hold is written as "_": the interface
// "Ethernet 2" is net.Ethernet_2.sent. All interfaces together count a packet twice that
// passes a bridge; name an interface to be exact.
//
// # Address and protocol
//
//	address key    meaning
//	path           an absolute path on the file system of disk.total, .used and
//	               .used_percent; default the root, on Windows the system drive
//	proc           where the machine's /proc is, for a gateway in a container (Linux)
//	sys            where its /sys is (Linux)
//
//	protocol key   meaning
//	sensor         the sensor of this resource, if it has another name
//	path           as in the address, for this resource alone
//
// # Promises
//
//   - Only what was asked for is read, and each source at most once in a poll.
//   - A rate is the change between two polls of its resource. There is no sample
//     at the first poll, nor after counters went back: rather none than a lie.
//   - A sensor that this machine does not have is BAD with NOT_CONNECTED; one that
//     worked and then fails is BAD with SENSOR_FAULT. The poll succeeds.
//   - A file system that does not answer, such as a dead network mount, costs a poll one
//     second and then nothing. The system call cannot be interrupted, so one
//     goroutine for each such path waits for it; never more, also over restarts.
//
// # Limits
//
// Devices of this driver cannot be commanded. In a container, the numbers are
// those of the whole machine, as far as the container can see them. Windows has no load
// average.
//
// # Concurrency
//
// A Driver may be used by any number of devices at once. A session follows the
// contract of actors.Session: one Poll at a time.
package host
