"""A Kerberos of a test's own: a KDC on the loopback address of the test's network namespace."""

import os
import socket
import subprocess

import environment
import waiting

REALM = "REEVE.TEST"
PORT = 18888


class Kdc:

    def __init__(self):
        self.folder = environment.temporary_folder()
        self.keytab, self.cache = os.path.join(self.folder, "keytab"), os.path.join(self.folder, "cache")
        with open(os.path.join(self.folder, "krb5.conf"), "w", encoding="utf-8") as file:
            file.write(f"""[libdefaults]
 default_realm = {REALM}
 dns_lookup_kdc = false
 dns_lookup_realm = false
 dns_canonicalize_hostname = false
 rdns = false
 udp_preference_limit = 1
[realms]
 {REALM} = {{
  kdc = 127.0.0.1:{PORT}
 }}
[domain_realm]
 localhost = {REALM}
""")
        with open(os.path.join(self.folder, "kdc.conf"), "w", encoding="utf-8") as file:
            file.write(f"""[kdcdefaults]
 kdc_listen = ""
 kdc_tcp_listen = 127.0.0.1:{PORT}
[realms]
 {REALM} = {{
  database_name = {self.folder}/principal
  key_stash_file = {self.folder}/stash
  acl_file = {self.folder}/acl
 }}
[logging]
 kdc = FILE:{self.folder}/log
""")
        self.variables = {"KRB5_CONFIG": f"{self.folder}/krb5.conf", "KRB5_KDC_PROFILE": f"{self.folder}/kdc.conf",
                          "KRB5CCNAME": f"FILE:{self.cache}", "KRB5RCACHEDIR": self.folder}
        self._run(["/usr/sbin/kdb5_util", "create", "-s", "-P", "master"])
        self._admin("addprinc -randkey reeve/localhost")
        self._admin(f"ktadd -k {self.keytab} reeve/localhost")
        self._admin("addprinc -pw secret alice")
        self._process = subprocess.Popen(["/usr/sbin/krb5kdc", "-n"], env=self._environment(), stdin=subprocess.DEVNULL,
                                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        waiting.until(self._answers, "the KDC answers", 20)

    def _environment(self):
        return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", **self.variables}

    def _run(self, command, text=None):
        done = subprocess.run(command, env=self._environment(), input=text, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
        assert done.returncode == 0, f"{command}: {done.stdout}"

    def _admin(self, query):
        self._run(["/usr/sbin/kadmin.local", "-q", query])

    @staticmethod
    def _answers():
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", PORT)) == 0

    def login(self, user="alice", password="secret"):
        self._run(["/usr/bin/kinit", user], password + "\n")

    def logout(self):
        self._run(["/usr/bin/kdestroy"])

    def stop(self):
        self._process.terminate()
        self._process.wait(20)
