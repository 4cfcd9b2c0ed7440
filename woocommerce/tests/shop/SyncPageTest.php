<?php
/**
 * ELMED → Sync and ELMED → Settings as pages: who may use them, what they show, and what is never on them.
 */

namespace Elmed\WooCommerce\Tests;

use Elmed\WooCommerce\Settings\SettingsPage;
use Elmed\WooCommerce\Sync\Problems;
use Elmed\WooCommerce\Sync\RunState;
use Elmed\WooCommerce\Sync\Schedule;
use Elmed\WooCommerce\Sync\SyncPage;

require_once __DIR__ . '/SyncCase.php';

final class SyncPageTest extends SyncCase {

	protected function setUp(): void {
		parent::setUp();
		$this->become( 'shop_manager' );
		foreach ( array( 'wp_die_handler', 'wp_die_ajax_handler' ) as $hook ) {
			add_filter(
				$hook,
				static function () {
					return static function ( $message ) {
						throw new \DomainException( is_string( $message ) ? $message : '' );
					};
				}
			);
		}
	}

	protected function tearDown(): void {
		$_POST = $_REQUEST = array();
		parent::tearDown();
	}

	public function test_the_page_shows_the_result_the_products_and_the_problems(): void {
		$this->inElmed( 'RX', array( 'medicine' => true, 'stock' => '2.5' ) );
		$this->inElmed( 'EURO', array( 'currency' => 'EUR', 'name' => 'Foreign <b>money</b>' ) );
		$this->sync();
		$page = $this->shown( SyncPage::class );
		foreach ( array( 'Complete', 'Sync Products Now', 'Created: 2', 'On prescription', 'Amoxicillin', 'The price in ELMED is in EUR' ) as $words ) {
			$this->assertStringContainsString( $words, $page );
		}
		$this->assertStringNotContainsString( '<b>money</b>', $page );
		$this->assertStringNotContainsString( 'value="cancel"', $page );
	}

	public function test_one_cause_is_told_once(): void {
		foreach ( range( 1, 7 ) as $number ) {
			$this->inElmed( "EURO-$number", array( 'currency' => 'EUR' ) );
		}
		$this->sync();
		$page = $this->shown( SyncPage::class );
		$this->assertSame( array( 1, 1 ), array( substr_count( $page, 'The price in ELMED is in EUR' ), substr_count( $page, '7 products</summary>' ) ) );
		$this->assertStringContainsString( 'EURO-7', $page );
		$this->assertCount( 1, Problems::texts() );
		$this->assertMatchesRegularExpression( '/^(EURO-\d, ){4}EURO-\d \+2: The price/', Problems::texts()[0] );
	}

	public function test_a_running_sync_can_be_cancelled_and_a_cancelled_one_resumed(): void {
		$page = new SyncPage();
		$page->perform( 'start' );
		$this->assertStringContainsString( 'value="cancel"', $this->shown( SyncPage::class ) );
		$page->perform( 'cancel' );
		$this->assertSame( 'cancelled', RunState::load()->state );
		$this->assertStringContainsString( 'Go on where it stopped', $this->shown( SyncPage::class ) );
		$page->perform( 'resume' );
		$this->assertTrue( RunState::load()->running() );
	}

	public function test_the_open_page_works_where_no_job_runs(): void {
		$this->inElmed( 'ONE' );
		$page = new SyncPage();
		$page->perform( 'start' );
		$page->perform( 'step' );
		$this->assertSame( array( 'done', 'publish' ), array( RunState::load()->state, $this->inShop( 'ONE' )->get_status() ) );
		$this->assertSame( array(), as_get_scheduled_actions( array( 'hook' => Schedule::STEP, 'status' => 'pending' ), 'ids' ) );
	}

	public function test_a_sync_that_nobody_works_at_says_so(): void {
		( new SyncPage() )->perform( 'start' );
		$this->assertStringNotContainsString( 'WP-Cron', $this->shown( SyncPage::class ) );
		$state           = RunState::load();
		$state->moved_at = time() - 100;
		$state->keep();
		$this->assertTrue( Schedule::isStuck( RunState::load() ) );
		$this->assertStringContainsString( 'WP-Cron', $this->shown( SyncPage::class ) );
	}

	public function test_jobs_that_are_late_are_said(): void {
		as_schedule_recurring_action( time() - 7200, 3600, Schedule::AUTO, array(), 'elmed' );
		$this->assertStringContainsString( 'WP-Cron', $this->shown( SyncPage::class ) );
	}

	public function test_words_that_are_no_buttons_do_nothing(): void {
		( new SyncPage() )->perform( 'register' );
		$this->assertNull( RunState::load() );
	}

	/** @dataProvider doors */
	public function test_nobody_else_gets_in( string $class, string $door, string $nonce ): void {
		$this->become( 'customer' );
		$_REQUEST['_wpnonce'] = $_REQUEST['nonce'] = wp_create_nonce( $nonce );
		$_POST['elmed_do']    = 'start';
		$_POST['elmed_api_key'] = 'elm_' . str_repeat( 'f', 64 );
		try {
			ob_start();
			( new $class() )->$door();
			$this->fail( 'let in' );
		} catch ( \DomainException $refused ) {
			$this->assertStringContainsString( 'You may not', $refused->getMessage() );
		} finally {
			ob_end_clean();
		}
		$this->assertNull( RunState::load() );
		$this->assertSame( $this->pharmacy['key'], get_option( 'elmed_api_key' ) );
	}

	/** @dataProvider doors */
	public function test_nothing_happens_without_the_pages_own_token( string $class, string $door, string $nonce ): void {
		if ( 'show' === $door ) {
			$this->assertNotSame( '', $this->shown( $class ) );
			return;
		}
		$_REQUEST['_wpnonce'] = $_REQUEST['nonce'] = 'forged';
		$_POST['elmed_do']    = 'start';
		$_POST['elmed_forget_key'] = '1';
		'ajax' === $door && add_filter( 'wp_doing_ajax', '__return_true' );
		try {
			( new $class() )->$door();
			$this->fail( 'let in' );
		} catch ( \DomainException $refused ) {
			$this->assertNull( RunState::load() );
			$this->assertSame( $this->pharmacy['key'], get_option( 'elmed_api_key' ) );
		}
	}

	public static function doors(): array {
		return array(
			'sync, form'     => array( SyncPage::class, 'post', SyncPage::ACTION ),
			'sync, script'   => array( SyncPage::class, 'ajax', SyncPage::ACTION ),
			'sync, page'     => array( SyncPage::class, 'show', '' ),
			'settings, form' => array( SettingsPage::class, 'save', 'elmed_save_settings' ),
			'settings, page' => array( SettingsPage::class, 'show', '' ),
		);
	}

	public function test_the_key_is_on_no_page(): void {
		foreach ( array( SettingsPage::class, SyncPage::class ) as $class ) {
			$this->assertStringNotContainsString( substr( $this->pharmacy['key'], 0, 12 ), $this->shown( $class ) );
		}
		$this->assertStringContainsString( substr( $this->pharmacy['key'], -4 ), $this->shown( SettingsPage::class ) );
	}

	public function test_a_form_that_is_wrong_changes_nothing(): void {
		$page = new SettingsPage();
		$this->assertSame( 'bad-key', $page->take( array( 'elmed_api_key' => 'elm_123', 'elmed_auto_sync' => 'daily' ) ) );
		$this->assertSame( 'bad-address', $page->take( array( 'elmed_base_url' => 'http://example.org', 'elmed_auto_sync' => 'daily' ) ) );
		$this->assertSame( array( $this->pharmacy['key'], false, Elmed::fact( 'url' ) ), array( get_option( 'elmed_api_key' ), get_option( 'elmed_auto_sync' ), get_option( 'elmed_base_url' ) ) );
	}

	public function test_an_empty_key_field_keeps_the_key_and_ticks_that_are_off_are_off(): void {
		$said = ( new SettingsPage() )->take( array( 'elmed_whole_form' => '1', 'elmed_api_key' => '', 'elmed_auto_sync' => 'hourly', 'elmed_foreign_sku' => 'no such' ) );
		$this->assertSame( array( 'saved', $this->pharmacy['key'], 'hourly', 'no', false ), array( $said, get_option( 'elmed_api_key' ), get_option( 'elmed_auto_sync' ), get_option( 'elmed_waiting_orders' ), get_option( 'elmed_foreign_sku' ) ) );
	}

	public function test_a_tested_connection_shows_in_the_pharmacy_portal_at_once(): void {
		$this->assertNull( Elmed::say( 'shop_state', array( 'pharmacy' => $this->pharmacy['pharmacy_id'] ) ) );
		$this->assertSame( 'tested', ( new SettingsPage() )->take( array( 'elmed_test' => '1' ) ) );
		$this->assertSame( ELMED_WC_VERSION, Elmed::say( 'shop_state', array( 'pharmacy' => $this->pharmacy['pharmacy_id'] ) )['plugin_version'] );
	}

	private function shown( string $class ): string {
		ob_start();
		( new $class() )->show();
		return (string) ob_get_clean();
	}
}
