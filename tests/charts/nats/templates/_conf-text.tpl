{{/* The configuration as the JSON-like text that nats-server reads, and the files it names. */}}

{{/*
toPrettyJson writes < > & as escapes, which must not stay: nats-server reads no such escapes. A doubled backslash hides
meanwhile, lest what follows it looks like one; a raw control character is in no JSON, so it can stand for it. Then an
include loses its key and comma, and "<< text >>" its quotes.
*/}}
{{- define "nats.conf" -}}
{{- $text := .configuration | toPrettyJson | replace `\\` "\x01" -}}
{{- $text = $text | replace `\u003c` "<" | replace `\u003e` ">" | replace `\u0026` "&" | replace "\x01" `\\` -}}
{{- $text = regexReplaceAll `"[^"\n]*\$include": "(.*)",?` $text "include ${1};" -}}
{{- regexReplaceAll `"<<\s+(.*)\s+>>"` $text "${1}" -}}
{{- end -}}

{{/* Every file the reloader watches, as YAML: includes and certificates, by sorted key. Takes: a block. */}}
{{- define "nats.watched" -}}
{{- range $key, $value := . }}
{{- if kindIs "map" $value }}
{{- include "nats.watched" $value }}
{{- else if hasSuffix "$include" $key }}
- {{ printf "/etc/nats-config/%v" $value | clean | quote }}
{{- else if has $key (list "ca_file" "cert_file" "key_file") }}
- {{ $value | quote }}
{{- end }}
{{- end }}
{{- end -}}
