<?php
/**
 * PHP processes of their own with the site loaded: for races, for kills, and for what a job runner does outside of a
 * request. The code given runs after wp-load.php; what it prints is its output.
 */

namespace Elmed\WooCommerce\Tests;

final class Process {

	/** @var resource */
	private $process;
	/** @var array<int, resource> */
	private $pipes;

	private function __construct( string $code, string $memory, string $path ) {
		$script = tempnam( sys_get_temp_dir(), 'elmed' );
		$before = '$_SERVER += array( "HTTP_HOST" => ' . var_export( $_SERVER['HTTP_HOST'], true ) . ', "REQUEST_URI" => ' . var_export( $path . 'wp-cron.php', true ) . ', "REQUEST_METHOD" => "POST", "SERVER_PROTOCOL" => "HTTP/1.1" );';
		$after  = '$GLOBALS["elmed_test_site"] = ' . var_export( $GLOBALS['elmed_test_site'], true ) . ';';
		foreach ( array( 'Elmed', 'Site', 'Shopper' ) as $class ) {
			$after .= ' require ' . var_export( __DIR__ . "/$class.php", true ) . ';';
		}
		file_put_contents( $script, "<?php unlink( __FILE__ ); $before require " . var_export( Site::fact( 'www' ) . '/wp-load.php', true ) . "; $after $code" );
		$command       = array( PHP_BINARY, '-d', "memory_limit=$memory", '-d', 'display_errors=stderr', $script );
		$this->process = proc_open( $command, array( 1 => array( 'pipe', 'w' ), 2 => array( 'pipe', 'w' ) ), $this->pipes );
	}

	/** Start one, and go on; in a network of sites, in the one at that path. */
	public static function start( string $code, string $memory = '256M', string $path = '/' ): self {
		return new self( $code, $memory, $path );
	}

	/** Run one to its end and return what it printed. A process that fails fails the test. */
	public static function run( string $code, string $memory = '256M', string $path = '/' ): string {
		return self::start( $code, $memory, $path )->output();
	}

	/** Run so many at once, each with `$worker` set to its number, and return what each printed. */
	public static function together( int $count, string $code ): array {
		$meet    = microtime( true ) + 1.0;
		$started = array();
		for ( $worker = 0; $worker < $count; $worker++ ) {
			$started[] = self::start( "\$worker = $worker; usleep( max( 0, (int) ( ( $meet - microtime( true ) ) * 1e6 ) ) ); $code" );
		}
		return array_map(
			static function ( self $one ) {
				return $one->output();
			},
			$started
		);
	}

	/** Run what Action Scheduler has due, as its runner does, until nothing is. Returns how many actions ran. */
	public static function jobs( string $memory = '256M' ): int {
		return (int) self::run( 'do { $ran = ActionScheduler_QueueRunner::instance()->run( "elmed-tests" ); $all = ( $all ?? 0 ) + $ran; } while ( $ran ); echo $all;', $memory );
	}

	/** Kill it at once, as a machine out of memory would. */
	public function kill(): void {
		proc_terminate( $this->process, 9 );
		$this->close();
	}

	public function isRunning(): bool {
		return proc_get_status( $this->process )['running'];
	}

	/** Wait for its end; what it printed. */
	public function output(): string {
		$said  = stream_get_contents( $this->pipes[1] );
		$cried = stream_get_contents( $this->pipes[2] );
		$code  = $this->close();
		if ( 0 !== $code ) {
			throw new \RuntimeException( "a process ended with $code: $said $cried" );
		}
		return $said;
	}

	private function close(): int {
		foreach ( $this->pipes as $pipe ) {
			fclose( $pipe );
		}
		return proc_close( $this->process );
	}
}
