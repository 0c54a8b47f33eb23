{{/* The toolbox container, which the Deployment and the test share. Takes: root, run (a shell line). */}}
{{- define "nats.box" -}}
containers:
  - name: nats-box
    image: {{ .root.Values.natsBox.image.repository }}:{{ .root.Values.natsBox.image.tag }}
    command: [sh, -ec, {{ .run | quote }}]
    resources:
    volumeMounts:
      - name: contexts
        mountPath: /etc/nats-contexts
      {{- with .root.Values.tlsCA }}{{ if .enabled }}
      - name: tls-ca
        mountPath: {{ .dir }}
      {{- end }}{{ end }}
enableServiceLinks: false
volumes:
  - name: contexts
    secret:
      secretName: {{ include "nats.contexts-name" .root }}
  {{- include "nats.ca-volume" .root | nindent 2 }}
{{- end -}}
