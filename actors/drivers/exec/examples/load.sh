#!/bin/sh
# A driver in the shell: how busy this machine is. Questions begin with op and id, so that they are easily taken apart.
while read -r question; do
	id=${question#*'"id":'} id=${id%%,*}
	case $question in
	'{"op":"open",'*) echo "{\"id\":$id,\"ok\":true}" ;;
	'{"op":"poll",'*) read -r load rest </proc/loadavg && echo "{\"id\":$id,\"values\":{\"load\":$load}}" ;;
	*) echo "{\"id\":$id,\"refused\":\"there is nothing to set\"}" ;;
	esac
done
