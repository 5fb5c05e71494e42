#!/bin/sh
# Written by regionctl: gives a user, whose certificate names group and number, the address that is theirs here.
# OpenVPN says who comes in the environment, reads what is to be done from the file $1, and refuses whom this fails for.
set -uf
file=$1
set -- ${X509_0_OU:-}
case ${1:-} in
developers) first={{developers}} room={{developers_room}} ;;
operators) first={{operators}} room={{operators_room}} ;;
*) echo "the certificate of ${common_name:-} says no group: it needs a new profile" >&2; exit 1 ;;
esac
case ${2:-} in '' | *[!0-9]* | 0?* | ??????????*) echo "the certificate of ${common_name:-} says no number" >&2; exit 1 ;; esac
[ "$2" -lt "$room" ] || { echo "there is no address for number $2 of the $1" >&2; exit 1; }
address=$((first + $2))
printf 'ifconfig-push %s.%s.%s.%s %s\n' \
  $((address >> 24)) $((address >> 16 & 255)) $((address >> 8 & 255)) $((address & 255)) {{mask}} >"$file"
