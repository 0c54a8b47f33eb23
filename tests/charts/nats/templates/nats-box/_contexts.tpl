{{/* The contexts of the toolbox, and the secrets that they name. */}}

{{/* What a context can have: the folder that its secret is mounted in, and the file that values can give themselves. */}}
{{- define "nats.box-kinds" -}}
creds: {dir: /etc/nats-creds, key: nats.creds, ending: creds}
nkey: {dir: /etc/nats-nkeys, key: nats.nk, ending: nk}
tls: {dir: /etc/nats-certs}
{{- end -}}

{{/* Files that values give themselves, as YAML: their text by name. */}}
{{- define "nats.box-contents" -}}
{{- $kinds := include "nats.box-kinds" . | fromYaml -}}
{{- range $name, $context := .Values.natsBox.contexts }}
{{- range $kind := list "creds" "nkey" }}
{{- with dig $kind "contents" "" ($context | default dict) }}
{{ printf "%s.%s" $name (get $kinds $kind).ending | quote }}: {{ . | toJson }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Secrets that contexts name: a list of name, dir and secretName. */}}
{{- define "nats.box-secrets" -}}
{{- $kinds := include "nats.box-kinds" . | fromYaml -}}
{{- range $name, $context := .Values.natsBox.contexts }}
{{- range $kind, $usual := $kinds }}
{{- $part := get ($context | default dict) $kind | default dict }}
{{- with $part.secretName }}
- name: {{ printf "ctx-%s-%s" $name $kind | quote }}
  dir: {{ $part.dir | default (printf "%s/%s" $usual.dir $name) | quote }}
  secretName: {{ . | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{/* One context. Takes: root, name, context. */}}
{{- define "nats.box-context" -}}
{{- $found := dict -}}
{{- range $kind, $usual := include "nats.box-kinds" . | fromYaml -}}
  {{- $part := get $.context $kind | default dict -}}
  {{- $dir := $part.dir | default (printf "%s/%s" $usual.dir $.name) -}}
  {{- if and $usual.ending $part.contents -}}
    {{- $_ := set $found $kind (printf "/etc/nats-contents/%s.%s" $.name $usual.ending) -}}
  {{- else if and $usual.ending $part.secretName -}}
    {{- $_ := set $found $kind (printf "%s/%s" $dir ($part.key | default $usual.key)) -}}
  {{- else if $part.secretName -}}
    {{- $_ := set $found "cert" (printf "%s/%s" $dir ($part.cert | default "tls.crt")) -}}
    {{- $_ := set $found "key" (printf "%s/%s" $dir ($part.key | default "tls.key")) -}}
  {{- end -}}
{{- end -}}
{{- $ca := ternary (include "nats.ca-file" .root) "" .root.Values.config.nats.tls.enabled -}}
{{- if and $ca (hasKey .context "tls") -}}{{- $_ := set $found "ca" $ca -}}{{- end -}}
{{- /* A service that is off leaves the headless one to ask. */ -}}
{{- $values := .root.Values -}}
{{- $host := ternary $values.service.name $values.headlessService.name $values.service.enabled -}}
{{- $_ := set $found "url" (printf "nats://%s" $host) -}}
{{- toYaml $found -}}
{{- end -}}
