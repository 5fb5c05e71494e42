command -v ping >/dev/null || { echo 'there is no ping: apt-get install iputils-ping'; exit 1; }
{{ask}}said=$(ask_others)
small=$(echo "$said" | sed -n 's/^\(.*\) small$/ \1/p' | tr -d '\n')
[ -z "$small" ] || { echo "small packets arrive and those of the vrack's size do not, at:$small"; exit 1; }
# A server that is down must not keep the others from their work.
echo "$said" | grep -q ' full$' || { echo 'no other server answers over the vrack: is it the right network card, VLAN and cable?'; exit 1; }
