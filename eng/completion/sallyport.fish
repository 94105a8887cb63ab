# fish completion for sallyport(1)

complete -c sallyport -f
complete -c sallyport -n __fish_use_subcommand -l help -d 'list the commands'
complete -c sallyport -n __fish_use_subcommand -a enroll -d 'make a secret for an app'
complete -c sallyport -n __fish_use_subcommand -a codes -d 'new recovery codes'
complete -c sallyport -n __fish_use_subcommand -a status -d 'what there is, without the secret'
complete -c sallyport -n __fish_use_subcommand -a invite -d 'leave for an account to enrol itself'
complete -c sallyport -n __fish_use_subcommand -a import-ga -d 'take over ~/.google_authenticator'
complete -c sallyport -n __fish_use_subcommand -a export-ga -d 'the way back'
complete -c sallyport -n __fish_use_subcommand -a help -d 'list the commands'

function __sallyport_in
    __fish_seen_subcommand_from $argv
end

complete -c sallyport -n '__sallyport_in codes status invite import-ga export-ga' -a '(__fish_complete_users)'
complete -c sallyport -n '__sallyport_in enroll codes status invite import-ga export-ga' -s h -l help -d 'the options'
complete -c sallyport -n '__sallyport_in enroll codes status invite' -l socket -r -F -d 'the agent'
complete -c sallyport -n '__sallyport_in enroll codes status invite import-ga export-ga' -l config -r -F \
    -d 'the configuration of the agent'

complete -c sallyport -n '__sallyport_in status' -l all -d 'of everybody here'
complete -c sallyport -n '__sallyport_in enroll' -l user -x -a '(__fish_complete_users)' -d 'whom (root only)'
complete -c sallyport -n '__sallyport_in enroll' -l digits -x -a '6 7 8' -d 'digits of a passcode'
complete -c sallyport -n '__sallyport_in enroll' -l algorithm -x -a 'sha1 sha256 sha512' -d 'many apps know sha1 only'
complete -c sallyport -n '__sallyport_in enroll' -l home-file -d 'enrol into a file in the home'
complete -c sallyport -n '__sallyport_in enroll' -l version -d 'the version of google-authenticator'
complete -c sallyport -n '__sallyport_in enroll' -s c -l counter-based -d 'passcodes by a counter'
complete -c sallyport -n '__sallyport_in enroll' -s t -l time-based -d 'passcodes by the clock'
complete -c sallyport -n '__sallyport_in enroll' -s C -l no-confirm -d 'ask for no passcode from the app'
complete -c sallyport -n '__sallyport_in enroll' -s d -l disallow-reuse -d 'each passcode logs in once'
complete -c sallyport -n '__sallyport_in enroll' -s D -l allow-reuse -d 'a passcode logs in again'
complete -c sallyport -n '__sallyport_in enroll' -s f -l force -d 'replace without asking'
complete -c sallyport -n '__sallyport_in enroll' -s l -l label -x -d 'the account that the app shows'
complete -c sallyport -n '__sallyport_in enroll' -s i -l issuer -x -d 'the host that the app shows'
complete -c sallyport -n '__sallyport_in enroll' -s q -l quiet -d 'show no secret and no code'
complete -c sallyport -n '__sallyport_in enroll' -s Q -l qr-mode -x -d 'how the QR code is drawn' \
    -a 'NONE ANSI ANSI_INVERSE ANSI_GREY UTF8 UTF8_INVERSE UTF8_GREY'
complete -c sallyport -n '__sallyport_in enroll' -s r -l rate-limit -x -d 'attempts, 1 to 10'
complete -c sallyport -n '__sallyport_in enroll' -s R -l rate-time -x -d 'in seconds, 15 to 600'
complete -c sallyport -n '__sallyport_in enroll' -s u -l no-rate-limit -d 'no limit of attempts'
complete -c sallyport -n '__sallyport_in enroll' -s s -l secret -r -F -d 'the file'
complete -c sallyport -n '__sallyport_in enroll' -s S -l step-size -x -d 'seconds of a passcode, 1 to 60'
complete -c sallyport -n '__sallyport_in enroll' -s w -l window-size -x -d 'passcodes accepted, 1 to 21'
complete -c sallyport -n '__sallyport_in enroll' -s W -l minimal-window -d 'the smallest window'
complete -c sallyport -n '__sallyport_in enroll import-ga' -s e -l emergency-codes -x -d 'recovery codes, 0 to 10'

complete -c sallyport -n '__sallyport_in codes' -s n -l count -x -d 'recovery codes, 0 to 10'
complete -c sallyport -n '__sallyport_in invite' -l replace -d 'also replace a factor'
complete -c sallyport -n '__sallyport_in invite' -l expires -x -a '1h 48h 7d' -d '60s to 90d'
complete -c sallyport -n '__sallyport_in import-ga' -l all -d 'every account that has such a file'
complete -c sallyport -n '__sallyport_in import-ga' -l recovery-codes -r -F -d 'where the new codes go'
complete -c sallyport -n '__sallyport_in export-ga' -s f -l force -d 'replace a file that is there'
