{{/* The three containers of a server's pod. */}}

{{/* The image of a container and when it is pulled. Takes: root, image. */}}
{{- define "nats.image" -}}
{{- $image := .image -}}
{{- $everywhere := .root.Values.global.image -}}
{{- $name := $image.fullImageName -}}
{{- if not $name -}}
  {{- $registry := $image.registry | default $everywhere.registry -}}
  {{- $name = ternary (printf "%s/%s" $registry $image.repository) $image.repository (not (not $registry)) -}}
  {{- $name = ternary (printf "%s@%s" $name $image.digest) (printf "%s:%s" $name $image.tag) (not (not $image.digest)) -}}
{{- end -}}
image: {{ $name | quote }}
{{- with $image.pullPolicy | default $everywhere.pullPolicy }}
imagePullPolicy: {{ . }}
{{- end }}
{{- end -}}

{{/* Entries of env, by name: a text is the value, a map the rest of the entry. Takes: env. */}}
{{- define "nats.env" -}}
{{- range $name, $value := .env }}
- name: {{ $name | quote }}
  {{- if kindIs "string" $value }}
  value: {{ $value | quote }}
  {{- else if not (kindIs "map" $value) }}
  {{- fail (printf "the variable %s is neither text nor map, but %s: quote it" $name (kindOf $value)) }}
  {{- else if $value }}
  {{- toYaml $value | nindent 2 }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* A probe. Takes: root, path, every (seconds), failures. */}}
{{- define "nats.probe" -}}
httpGet:
  path: {{ .path }}
  port: monitor
  {{- if .root.Values.config.monitor.tls.enabled }}
  scheme: HTTPS
  {{- end }}
initialDelaySeconds: 10
timeoutSeconds: 5
periodSeconds: {{ .every }}
successThreshold: 1
failureThreshold: {{ .failures }}
{{- end -}}

{{- define "nats.server" -}}
{{- $config := .Values.config -}}
name: nats
{{ include "nats.image" (dict "root" . "image" .Values.container.image) }}
args: [--config, /etc/nats-config/nats.conf]
env:
  - name: POD_NAME
    valueFrom:
      fieldRef: {fieldPath: metadata.name}
  - name: SERVER_NAME
    value: {{ printf "%s$(POD_NAME)" $config.serverNamePrefix | quote }}
  {{- include "nats.env" (dict "env" .Values.container.env) | nindent 2 }}
ports:
  {{- range $listener := include "nats.listeners" . | fromYamlArray }}
  {{- if include "nats.listens" (dict "root" $ "listener" $listener) }}
  {{- $more := get $.Values.container.ports $listener | default dict }}
  {{- $fixed := dict "name" $listener "containerPort" (index $config $listener).port }}
  - {{- include "nats.entry" (list $more $fixed) | nindent 4 }}
  {{- end }}
  {{- end }}
lifecycle:
  preStop:
    exec: {command: [nats-server, {{ printf "-sl=ldm=%s" (include "nats.pid-file" .) | quote }}]}
{{- if $config.monitor.enabled }}
startupProbe:
  {{- include "nats.probe" (dict "root" . "path" "/healthz" "every" 10 "failures" 90) | nindent 2 }}
readinessProbe:
  {{- include "nats.probe" (dict "root" . "path" "/healthz?js-server-only=true" "every" 10 "failures" 3) | nindent 2 }}
livenessProbe:
  {{- include "nats.probe" (dict "root" . "path" "/healthz?js-enabled-only=true" "every" 30 "failures" 3) | nindent 2 }}
{{- end }}
resources: {{ toJson .Values.container.resources }}
volumeMounts:
  {{- include "nats.mounts" . | nindent 2 }}
{{- end -}}

{{/* The server's container as it is put out, whose mounts the reloader shares. */}}
{{- define "nats.server-object" -}}
{{- include "nats.object" (dict "root" . "body" "nats.server" "section" .Values.container "where" "container") -}}
{{- end -}}

{{- define "nats.reloader" -}}
{{- $reloader := .Values.reloader -}}
name: reloader
{{ include "nats.image" (dict "root" . "image" $reloader.image) }}
{{- with $reloader.env }}
env:
  {{- include "nats.env" (dict "env" .) | nindent 2 }}
{{- end }}
args:
  - -pid
  - /var/run/nats/nats.pid
  - -config
  - /etc/nats-config/nats.conf
  {{- range include "nats.watched" .configuration | fromYamlArray }}
  - -config
  - {{ . | quote }}
  {{- end }}
volumeMounts:
  - name: pid
    mountPath: /var/run/nats
  {{- range $mount := (include "nats.server-object" . | fromYaml).volumeMounts }}
  {{- $shared := false }}
  {{- range $reloader.natsVolumeMountPrefixes }}
  {{- $shared = or $shared (hasPrefix . $mount.mountPath) }}
  {{- end }}
  {{- if $shared }}
  - {{- toYaml $mount | nindent 4 }}
  {{- end }}
  {{- end }}
{{- end -}}

{{- define "nats.exporter" -}}
{{- $config := .Values.config -}}
{{- $exporter := .Values.promExporter -}}
name: prom-exporter
{{ include "nats.image" (dict "root" . "image" $exporter.image) }}
{{- with $exporter.env }}
env:
  {{- include "nats.env" (dict "env" .) | nindent 2 }}
{{- end }}
ports:
  - name: prom-metrics
    containerPort: {{ $exporter.port }}
args:
  - -port={{ $exporter.port }}
  - -connz
  - -routez
  - -subz
  - -varz
  - -prefix=nats
  - -use_internal_server_id
  {{- if $config.jetstream.enabled }}
  - -jsz=all
  {{- end }}
  {{- if $config.leafnodes.enabled }}
  - -leafz
  {{- end }}
  {{- if $config.gateway.enabled }}
  - -gatewayz
  {{- end }}
  - {{ ternary "https" "http" $config.monitor.tls.enabled }}://{{ $exporter.monitorDomain }}:{{ $config.monitor.port }}/
{{- end -}}
