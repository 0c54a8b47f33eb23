{{/* What a server listens on, and the ports that Services show of it. */}}

{{/* The listeners in the order in which ports, probes and volumes name them. */}}
{{- define "nats.listeners" -}}
[nats, leafnodes, websocket, mqtt, cluster, gateway, monitor, profiling]
{{- end -}}

{{/* "true" when a listener is on. Takes: root, listener. */}}
{{- define "nats.listens" -}}
{{- $listener := index .root.Values.config .listener -}}
{{- if or (eq .listener "nats") $listener.enabled -}}true{{- end -}}
{{- end -}}

{{/*
The port entries of a Service: values may add keys and choose the port, but not what the entry is for.
Takes: root, ports (which listeners the Service shows, and more of each; all when absent).
*/}}
{{- define "nats.service-ports" -}}
{{- range $listener := include "nats.listeners" . | fromYamlArray }}
{{- $entry := dict "enabled" true -}}
{{- if hasKey $ "ports" -}}{{- $entry = get ($.ports | default dict) $listener -}}{{- end -}}
{{- if not (kindIs "map" $entry) -}}{{- fail (printf "service.ports.%s is no map" $listener) -}}{{- end -}}
{{- if and $entry.enabled (include "nats.listens" (dict "root" $.root "listener" $listener)) }}
{{- $settings := index $.root.Values.config $listener }}
{{- $http := has $listener (list "websocket" "monitor") }}
{{- $tls := dig "tls" "enabled" false $settings }}
{{- $protocol := ternary (ternary "https" "http" $tls) (ternary "tls" "tcp" $tls) $http }}
{{- $fixed := dict "name" $listener "targetPort" $listener "appProtocol" $protocol }}
{{- $usual := dict "port" $settings.port }}
- {{- include "nats.entry" (list $usual (omit $entry "enabled") $fixed) | nindent 2 }}
{{- end }}
{{- end }}
{{- end -}}

{{/* One map of several, of which the later ones win; null says nothing. Takes: a list of maps. */}}
{{- define "nats.entry" -}}
{{- $entry := dict -}}
{{- range . -}}{{- range $key, $value := . -}}
  {{- if not (kindIs "invalid" $value) -}}{{- $_ := set $entry $key $value -}}{{- end -}}
{{- end -}}{{- end -}}
{{- toYaml $entry -}}
{{- end -}}

{{/* The listeners whose certificate is mounted, in order. */}}
{{- define "nats.certified" -}}
{{- range $listener := include "nats.listeners" . | fromYamlArray }}
{{- $tls := (index $.Values.config $listener).tls | default dict }}
{{- if and $tls.enabled $tls.secretName (include "nats.listens" (dict "root" $ "listener" $listener)) }}
- {{ $listener }}
{{- end }}
{{- end }}
{{- end -}}
